// A note for people, on a run or a task.
import { useId, useState } from "react";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Field, Form, TextArea } from "../Field";

const CHARS_MAX = 1000;

export interface NoteDialogProps {
  of: string;
  note: string;
  onClose: () => void;
  onWrite: (note: string) => void;
}

export function NoteDialog({ of, note, onClose, onWrite }: NoteDialogProps) {
  const [text, setText] = useState(note);
  const id = useId();
  const write = () => {
    onClose();
    if (text !== note) onWrite(text);
  };
  return (
    <Dialog
      title={`Note on ${of}`}
      width="small"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" onClick={write}>
            {text.trim() === "" && note !== "" ? "Take it away" : "Write"}
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={write}>
        <Field label="Note" help={`Plain text, ${CHARS_MAX - text.length} signs left. Ctrl Enter writes it.`}>
          {(ids) => (
            <TextArea
              {...ids}
              autoFocus
              rows={5}
              maxLength={CHARS_MAX}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write();
              }}
            />
          )}
        </Field>
      </Form>
    </Dialog>
  );
}
