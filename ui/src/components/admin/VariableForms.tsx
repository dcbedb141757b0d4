// A variable, new or changed, and many of them from a file.
import { useState } from "react";
import type { Variable, VariableGiven } from "~/api/admin";
import { HIDDEN, type NamedValue, variablesFrom } from "~/models/admin.model";
import { Field, Input, TextArea } from "../Field";
import { FormDialog } from "./FormDialog";

export interface VariableFormProps {
  one: Variable | null;
  onSave: (given: VariableGiven) => Promise<void>;
  onClose: () => void;
}

export function VariableForm({ one, onSave, onClose }: VariableFormProps) {
  const secret = one?.value === HIDDEN;
  const [key, setKey] = useState(one?.key ?? "");
  const [value, setValue] = useState(secret ? "" : (one?.value ?? ""));
  const [description, setDescription] = useState(one?.description ?? "");
  const send = () =>
    onSave({ key: key.trim(), value: secret && value === "" ? undefined : value, description: description || null });
  return (
    <FormDialog
      title={one === null ? "New variable" : `Change ${one.key}`}
      does={one === null ? "Add" : "Save"}
      fields={["key", "value", "description"]}
      send={send}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <Field
            label="Key"
            error={errors.key}
            help={one === null ? "Where the name sounds secret (password, token, key …), the value is never shown." : undefined}
          >
            {(ids) => <Input {...ids} mono required autoFocus={one === null} disabled={one !== null} value={key} onChange={(e) => setKey(e.target.value)} />}
          </Field>
          <Field
            label="Value"
            error={errors.value}
            help={secret ? "One is set. It is never shown; leave this empty to keep it." : "Text, or JSON that tasks read as such."}
          >
            {(ids) => (
              <TextArea {...ids} mono rows={5} placeholder={secret ? "set" : ""} value={value} onChange={(e) => setValue(e.target.value)} />
            )}
          </Field>
          <Field label="Description" error={errors.description}>
            {(ids) => <Input {...ids} value={description} onChange={(e) => setDescription(e.target.value)} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}

export interface ImportVariablesProps {
  there: ReadonlySet<string>;
  onSend: (given: NamedValue[]) => Promise<void>;
  onClose: () => void;
}

export function ImportVariables({ there, onSend, onClose }: ImportVariablesProps) {
  const [text, setText] = useState("");
  let told = "";
  try {
    const found = text.trim() === "" ? [] : variablesFrom(text);
    const again = found.filter((one) => there.has(one.key)).length;
    if (found.length > 0) told = `${found.length - again} new; ${again} get another value.`;
  } catch {
    told = ""; // said when it is sent
  }
  const send = async () => {
    try {
      await onSend(variablesFrom(text));
    } catch (error) {
      throw new Error(`file: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return (
    <FormDialog title="Import variables" does="Import" fields={["file"]} send={send} onClose={onClose}>
      {(errors) => (
        <>
          <input
            type="file"
            accept=".json,application/json"
            aria-label="File of variables"
            onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
          />
          <Field label="Or paste it" error={errors.file} help={told || 'As Airflow exports them: {"key": "value"}.'}>
            {(ids) => <TextArea {...ids} mono rows={8} required value={text} onChange={(event) => setText(event.target.value)} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
