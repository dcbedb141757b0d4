// What the template fields of an attempt came to.
import { Code, type Language } from "../Code";
import { Empty } from "../Panel";
import css from "./Rendered.module.css";

const LANGUAGES: [RegExp, Language][] = [
  [/sql|query/i, "sql"],
  [/bash|command|cmd/i, "bash"],
  [/args$/i, "python"],
];

export function Rendered({ fields }: { fields: Record<string, string> | undefined }) {
  const all = Object.entries(fields ?? {});
  if (all.length === 0) {
    return (
      <Empty title={fields === undefined ? "It has not ended yet." : "No template field of it holds anything."}>
        <p>What its templates came to is kept when an attempt ends, in short and without secrets.</p>
      </Empty>
    );
  }
  return (
    <dl className={css.fields}>
      {all.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Code code={text} language={LANGUAGES.find(([of]) => of.test(name))?.[1] ?? "text"} numbered={false} wrap label={name} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
