// A form in a dialog: it is sent, stays with what the server finds wrong, and closes when that is nothing.
import { type ReactNode, useId, useState } from "react";
import { fieldErrors } from "~/models/admin.model";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Form } from "../Field";
import css from "./Admin.module.css";

export interface FormDialogProps {
  title: ReactNode;
  does: string; // the word on the button
  kind?: "main" | "danger";
  /** The names by which the server tells of fields; the first is that of the name. */
  fields?: readonly string[];
  width?: "small" | "normal" | "wide";
  send: () => Promise<unknown>;
  onClose: () => void;
  children: (errors: Record<string, string>) => ReactNode;
}

export function FormDialog({ title, does, kind = "main", fields = [], width, send, onClose, children }: FormDialogProps) {
  const id = useId();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await send();
      onClose();
    } catch (error) {
      setErrors(fieldErrors(error, fields));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      {...(width && { width })}
      foot={
        <>
          <Button onClick={onClose}>Leave it</Button>
          {/* Outside of the form, so it sends it by hand. */}
          <Button kind={kind} busy={busy} onClick={() => (document.getElementById(id) as HTMLFormElement).requestSubmit()}>
            {does}
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={() => void submit()}>
        {children(errors)}
        {errors[""] !== undefined && (
          <p className={css.whole} role="alert">
            {errors[""]}
          </p>
        )}
        <button type="submit" hidden />
      </Form>
    </Dialog>
  );
}

/** Asks before what has no way back. */
export function Confirm(props: { title: string; does: string; send: () => Promise<unknown>; onClose: () => void; children: ReactNode }) {
  return (
    <FormDialog title={props.title} does={props.does} kind="danger" width="small" send={props.send} onClose={props.onClose}>
      {() => <div>{props.children}</div>}
    </FormDialog>
  );
}
