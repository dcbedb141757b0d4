// Telling that an asset is new.
import { useState } from "react";
import { type Asset, extraFrom, usersOf } from "~/models/assets.model";
import { FormDialog } from "../admin/FormDialog";
import { Field, TextArea } from "../Field";

export interface TellDialogProps {
  asset: Asset;
  onTell: (extra: Record<string, unknown>) => Promise<void>;
  onClose: () => void;
}

export function TellDialog({ asset, onTell, onClose }: TellDialogProps) {
  const [text, setText] = useState("");
  const starts = usersOf(asset).filter((one) => one.taskId === null);
  return (
    <FormDialog
      title={`Tell that ${asset.name} is new`}
      does="Tell"
      fields={["extra"]}
      width="small"
      send={async () => onTell(extraFrom(text))}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <p>
            {starts.length === 0
              ? "No DAG starts by it; the event is kept all the same."
              : `${starts.map((one) => one.dagId).join(", ")} ${starts.length === 1 ? "waits" : "wait"} for it.`}
          </p>
          <Field label="Extra" error={errors.extra} help="What comes along, as a JSON object; tasks read it from the event.">
            {(ids) => (
              <TextArea {...ids} mono autoFocus rows={4} placeholder='{"rows": 120}' value={text} onChange={(event) => setText(event.target.value)} />
            )}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
