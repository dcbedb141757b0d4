// What a task asks, and the answers that it takes: approve or reject, choose one or several, fill in.
import { lazy, Suspense, useId, useMemo, useState } from "react";
import { Link } from "~/app/router";
import type { Question } from "~/api/questions";
import { fieldsOf, type Filled, filledOf, type Params, readAll, refusedAt } from "~/models/form.model";
import { links } from "~/models/links.model";
import { secondsOf } from "~/models/time.model";
import { Button } from "../Button";
import { Form } from "../Field";
import { ParamFields } from "../trigger/ParamFields";
import { RelativeTime } from "../Time";
import css from "./QuestionCard.module.css";

export interface QuestionCardProps {
  question: Question;
  may: boolean;
  /** What the server refused, or null. */
  onAnswer: (chosen: string[], params: Record<string, unknown>) => Promise<string | null>;
}

const Markdown = lazy(() => import("../Markdown"));
const NO = /^(reject|no|deny|decline|cancel)$/i;

export function QuestionCard({ question, may, onAnswer }: QuestionCardProps) {
  const id = useId();
  const fields = useMemo(() => fieldsOf((question.params ?? {}) as unknown as Params), [question.params]);
  const [filled, setFilled] = useState<Filled>(() => filledOf(fields));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [refused, setRefused] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string[]>(question.defaults ?? []);
  const [busy, setBusy] = useState(false);
  const task = question.task_instance;
  const give = async (options: string[]) => {
    if (busy) return;
    const found = readAll(fields, filled);
    setErrors(found.errors);
    setRefused(null);
    if (Object.keys(found.errors).length > 0) return;
    setBusy(true);
    const no = await onAnswer(options, found.values);
    setBusy(false);
    if (no === null) return;
    const { name, text } = refusedAt(no);
    if (name !== null && fields.some((one) => one.name === name)) setErrors({ [name]: text });
    else setRefused(text);
  };
  const first = question.options.find((one) => !NO.test(one)) ?? question.options[0];
  return (
    <article className={css.card} aria-labelledby={`${id}-subject`}>
      <header className={css.head}>
        <h2 id={`${id}-subject`}>{question.subject || task.task_display_name}</h2>
        <RelativeTime at={secondsOf(question.created_at)} />
      </header>
      <p className={css.from}>
        <Link href={links.dag(task.dag_id)}>{task.dag_display_name}</Link>
        <Link href={links.run(task.dag_id, task.dag_run_id)} className={css.run}>
          {task.dag_run_id}
        </Link>
        <Link href={links.task(task.dag_id, task.dag_run_id, task.task_id, { map: task.map_index })}>{task.task_display_name}</Link>
        {(question.assigned_users ?? []).length > 0 && <span>for {question.assigned_users!.map((one) => one.name).join(", ")}</span>}
      </p>
      {question.body && (
        <div className={css.body}>
          <Suspense fallback={question.body}>
            <Markdown text={question.body} />
          </Suspense>
        </div>
      )}
      <Form onSubmit={() => void give(question.multiple ? chosen : [first!])}>
        <ParamFields fields={fields} filled={filled} errors={errors} onChange={(name, now) => setFilled({ ...filled, [name]: now })} />
        {question.multiple && (
          <fieldset className={css.several}>
            <legend className="unseen">Choose</legend>
            {question.options.map((one) => (
              <label key={one}>
                <input
                  type="checkbox"
                  disabled={!may}
                  checked={chosen.includes(one)}
                  onChange={(event) => setChosen(question.options.filter((each) => (each === one ? event.target.checked : chosen.includes(each))))}
                />
                {one}
              </label>
            ))}
          </fieldset>
        )}
        {refused !== null && (
          <p className={css.refused} role="alert">
            {refused}
          </p>
        )}
        <div className={css.options}>
          {question.multiple ? (
            <Button kind="main" busy={busy} disabled={!may || chosen.length === 0} onClick={() => void give(chosen)}>
              {chosen.length === 0 ? "Choose at least one" : `Answer: ${chosen.join(", ")}`}
            </Button>
          ) : (
            question.options.map((one) => (
              <Button key={one} kind={NO.test(one) ? "danger" : one === first ? "main" : "plain"} busy={busy} disabled={!may} onClick={() => void give([one])}>
                {one}
              </Button>
            ))
          )}
          {!may && <span className={css.soft}>You may see it; answering needs more rights.</span>}
        </div>
      </Form>
    </article>
  );
}

/** One that has its answer, in a line. */
export function AnsweredLine({ question }: { question: Question }) {
  const task = question.task_instance;
  const by = question.responded_by_user?.name;
  return (
    <li className={css.line}>
      <Link href={links.task(task.dag_id, task.dag_run_id, task.task_id, { map: task.map_index })} className={css.subject}>
        {question.subject || task.task_display_name}
      </Link>
      <span className={css.answer}>{(question.chosen_options ?? []).join(", ") || "no answer in time"}</span>
      <span className={css.soft}>
        {by && `${by}, `}
        <RelativeTime at={secondsOf(question.responded_at)} />
      </span>
    </li>
  );
}
