// What is about to be done, how far it reaches, and every task it touches, before it is done.
import { type ReactNode, useEffect, useId, useState } from "react";
import type { Reach, Touched } from "~/api/changes";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Form } from "../Field";
import { Failure, Waiting } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import css from "./ChangeDialog.module.css";

export interface Choice {
  id: keyof Reach;
  label: string;
}

export interface ChangeDialogProps {
  title: string;
  text: ReactNode;
  button: string;
  danger?: boolean;
  /** `run again`: 3 tasks run again. */
  verb: [one: string, many: string];
  choices: Choice[];
  reach: Reach;
  preview: (reach: Reach) => Promise<Touched[]>;
  onClose: () => void;
  onDo: (reach: Reach, touched: Touched[]) => Promise<boolean>;
}

export const NEAR: Reach = { upstream: false, downstream: false, past: false, future: false, onlyFailed: false, latestCode: false };
const LISTED = 100;

export function ChangeDialog(props: ChangeDialogProps) {
  const { title, text, button, danger = false, verb, choices, preview, onClose, onDo } = props;
  const [reach, setReach] = useState(props.reach);
  const [touched, setTouched] = useState<Touched[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const key = JSON.stringify(reach);
  useEffect(() => {
    let gone = false;
    setError(null);
    preview(JSON.parse(key) as Reach).then(
      (found) => !gone && setTouched(found),
      (problem: unknown) => {
        if (gone) return;
        setTouched(null);
        setError(problem);
      },
    );
    return () => {
      gone = true;
    };
    // The dialog is made anew for another task.
  }, [key]); // eslint-disable-line
  const nothing = touched !== null && touched.length === 0;
  const act = async () => {
    if (busy || nothing || touched === null) return;
    setBusy(true);
    if (await onDo(reach, touched)) onClose();
    else setBusy(false);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind={danger ? "danger" : "main"} disabled={nothing || touched === null} busy={busy} onClick={() => void act()}>
            {button}
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={() => void act()}>
        <p>{text}</p>
        {choices.length > 0 && (
          <fieldset className={css.choices}>
            <legend className="unseen">How far</legend>
            {choices.map((one) => (
              <label key={one.id}>
                <input type="checkbox" checked={reach[one.id]} onChange={(event) => setReach({ ...reach, [one.id]: event.target.checked })} />
                {one.label}
              </label>
            ))}
          </fieldset>
        )}
        <div className={css.preview} aria-live="polite">
          {error !== null && <Failure error={error} />}
          {touched === null && error === null && <Waiting rows={3} label="Looking what it touches" />}
          {touched !== null && (
            <>
              <h3>
                {nothing ? "It touches nothing." : `${touched.length} ${touched.length === 1 ? verb[0] : verb[1]}`}
              </h3>
              <ul tabIndex={0} aria-label="What it touches">
                {touched.slice(0, LISTED).map((one, at) => (
                  <One key={at} one={one} />
                ))}
              </ul>
              {touched.length > LISTED && <p>… and {touched.length - LISTED} more</p>}
            </>
          )}
        </div>
      </Form>
    </Dialog>
  );
}

function One({ one }: { one: Touched }) {
  const state = "state" in one ? one.state : null;
  const index = "map_index" in one && one.map_index >= 0 ? `[${one.map_index}]` : "";
  const run = "dag_run_id" in one ? one.dag_run_id : null;
  return (
    <li>
      <StateGlyph state={state} size={12} />
      <span className={css.name}>
        {one.task_id}
        {index}
      </span>
      {run !== null && <span className={css.run}>{run}</span>}
    </li>
  );
}
