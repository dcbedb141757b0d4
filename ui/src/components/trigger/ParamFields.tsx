// Fields for params, one below the other, by sections, each with what is wrong right below it.
import { useId } from "react";
import type { Field as ParamField, Filled, Typed } from "~/models/form.model";
import { Field, Input, Select, TextArea } from "../Field";
import css from "./ParamFields.module.css";

export interface ParamFieldsProps {
  fields: ParamField[];
  filled: Filled;
  errors: Record<string, string>;
  onChange: (name: string, now: Typed) => void;
  /** The first field has the keys at once. */
  first?: boolean;
}

export function ParamFields({ fields, filled, errors, onChange, first = false }: ParamFieldsProps) {
  const sections = [...new Set(fields.map((one) => one.section))];
  return (
    <>
      {sections.map((section) => (
        <div key={section ?? ""} className={css.section}>
          {section !== null && <h3>{section}</h3>}
          {fields
            .filter((one) => one.section === section)
            .map((one) => (
              <One key={one.name} field={one} now={filled[one.name] ?? ""} error={errors[one.name]} onChange={(now) => onChange(one.name, now)} auto={first && one === fields[0]} />
            ))}
        </div>
      ))}
    </>
  );
}

interface OneProps {
  field: ParamField;
  now: Typed;
  error: string | undefined;
  onChange: (now: Typed) => void;
  auto: boolean;
}

function One({ field, now, error, onChange, auto }: OneProps) {
  if (field.kind === "boolean") return <Switch field={field} now={now} error={error} onChange={onChange} auto={auto} />;
  if (field.kind === "choices") return <Several field={field} now={now} error={error} onChange={onChange} auto={auto} />;
  return (
    <Field
      label={
        <>
          {field.label}
          {field.label !== field.name && <code className={css.name}>{field.name}</code>}
          {field.nullable && <span className={css.optional}>optional</span>}
        </>
      }
      help={field.help ?? hintOf(field)}
      error={error}
    >
      {(ids) => <Control field={field} now={String(now)} ids={ids} onChange={onChange} auto={auto} />}
    </Field>
  );
}

function hintOf(field: ParamField): string | undefined {
  const { minimum, maximum } = field.schema;
  if (typeof minimum === "number" && typeof maximum === "number") return `From ${minimum} to ${maximum}.`;
  if (field.kind === "datetime") return "In UTC.";
  if (field.kind === "list") return "One in a line.";
  if (field.kind === "json") return "As JSON.";
  return undefined;
}

interface ControlProps {
  field: ParamField;
  now: string;
  ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean | undefined };
  onChange: (now: Typed) => void;
  auto: boolean;
}

function Control({ field, now, ids, onChange, auto }: ControlProps) {
  const listId = useId();
  const shared = { ...ids, autoFocus: auto, required: field.required, value: now };
  const changed = (event: { target: { value: string } }) => onChange(event.target.value);
  if (field.kind === "choice") {
    return (
      <Select {...shared} onChange={changed}>
        {now === "-1" && <option value="-1">choose …</option>}
        {field.options.map((one, at) => (
          <option key={at} value={at}>
            {one.label}
          </option>
        ))}
      </Select>
    );
  }
  if (field.kind === "area" || field.kind === "json" || field.kind === "list") {
    const rows = Math.min(12, Math.max(2, now.split("\n").length + (field.kind === "area" ? 2 : 0)));
    return <TextArea {...shared} required={false} mono={field.kind !== "area"} rows={rows} onChange={changed} />;
  }
  const type = { integer: "number", number: "number", date: "date", datetime: "datetime-local", time: "time", text: "text" }[field.kind as "text"];
  const { minimum, maximum } = field.schema;
  return (
    <>
      <Input
        {...shared}
        required={false}
        type={type}
        step={field.kind === "integer" || field.kind === "datetime" || field.kind === "time" ? 1 : "any"}
        {...(typeof minimum === "number" ? { min: minimum } : {})}
        {...(typeof maximum === "number" ? { max: maximum } : {})}
        {...(field.examples.length > 0 ? { list: listId } : {})}
        onChange={changed}
      />
      {field.examples.length > 0 && (
        <datalist id={listId}>
          {field.examples.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

function Switch({ field, now, error, onChange, auto }: OneProps) {
  const id = useId();
  const said = error ?? field.help;
  return (
    <div className={css.switch}>
      <label>
        <input
          type="checkbox"
          autoFocus={auto}
          checked={now === true}
          aria-describedby={said ? id : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        {field.label}
        {field.label !== field.name && <code className={css.name}>{field.name}</code>}
      </label>
      {said && (
        <p id={id} data-wrong={error !== undefined || undefined} role={error ? "alert" : undefined}>
          {said}
        </p>
      )}
    </div>
  );
}

function Several({ field, now, error, onChange }: OneProps) {
  const chosen = now as number[];
  return (
    <fieldset className={css.several}>
      <legend>{field.label}</legend>
      <div>
        {field.options.map((one, at) => (
          <label key={at}>
            <input
              type="checkbox"
              checked={chosen.includes(at)}
              onChange={(event) => onChange(event.target.checked ? [...chosen, at].sort((a, b) => a - b) : chosen.filter((each) => each !== at))}
            />
            {one.label}
          </label>
        ))}
      </div>
      {(error ?? field.help) && (
        <p data-wrong={error !== undefined || undefined} role={error ? "alert" : undefined}>
          {error ?? field.help}
        </p>
      )}
    </fieldset>
  );
}
