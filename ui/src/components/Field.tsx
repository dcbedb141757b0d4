// Fields of forms: a label, a control, and what is wrong right below it.
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";
import css from "./Field.module.css";

export interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  error?: string | null | undefined;
  children: (ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean | undefined }) => ReactNode;
}

export function Field({ label, help, error, children }: FieldProps) {
  const id = useId();
  const said = Boolean(error ?? help);
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": said ? `${id}-said` : undefined, "aria-invalid": error ? true : undefined })}
      {said && (
        <p id={`${id}-said`} className={error ? css.error : css.help} role={error ? "alert" : undefined}>
          {error ?? help}
        </p>
      )}
    </div>
  );
}

export function Input({ mono = false, ...rest }: InputHTMLAttributes<HTMLInputElement> & { mono?: boolean }) {
  return <input autoComplete="off" spellCheck={false} {...rest} className={css.input} data-mono={mono || undefined} />;
}

export function TextArea({ mono = false, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { mono?: boolean }) {
  return <textarea rows={4} spellCheck={!mono} {...rest} className={css.input} data-mono={mono || undefined} />;
}

export function Select(props: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...props} className={css.input} />;
}

export interface SearchInputProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  id?: string;
  hint?: string;
}

export function SearchInput({ label, value, onChange, id, hint }: SearchInputProps) {
  return (
    <input
      id={id}
      type="search"
      aria-label={label}
      placeholder={hint ?? label}
      value={value}
      autoComplete="off"
      spellCheck={false}
      className={css.input}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        if (value === "") event.currentTarget.blur();
        else onChange("");
      }}
    />
  );
}

/** A form in rows; Enter sends it. What is wrong is said by its fields, not by the browser. */
export function Form({ id, onSubmit, children }: { id?: string; onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      id={id}
      className={css.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
