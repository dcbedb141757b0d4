// A run of a paused DAG waits: unpause it too?
import { useId } from "react";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Form } from "../Field";

export interface PausedDialogProps {
  dag: { name: string; schedule: unknown };
  onClose: () => void;
  onRun: (unpause: boolean) => void;
}

export function PausedDialog({ dag, onClose, onRun }: PausedDialogProps) {
  const id = useId();
  return (
    <Dialog
      title={`${dag.name} is paused`}
      width="small"
      onClose={onClose}
      foot={
        <>
          <Button onClick={() => onRun(false)}>Run when unpaused</Button>
          <button type="submit" form={id} hidden />
          <Button kind="main" onClick={() => onRun(true)}>
            Unpause and run
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={() => onRun(true)}>
        <p>
          A run of a paused DAG waits until it is unpaused.
          {dag.schedule !== null && " Unpausing also starts what its schedule has due."}
        </p>
      </Form>
    </Dialog>
  );
}
