// What is about to be done to many runs, shown before it is done.
import { useEffect, useId, useState } from "react";
import type { Schemas } from "~/api/client";
import type { DagRun } from "~/models/run-list.model";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Form } from "../Field";
import { Failure } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import css from "./BulkDialog.module.css";

export type BulkAction = "clear" | "cancel" | "succeed";

interface Named {
  dag_id: string;
  dag_run_id: string;
}

export interface BulkDialogProps {
  action: BulkAction;
  runs: DagRun[];
  preview: (runs: Named[], onlyFailed: boolean) => Promise<Schemas["ClearedInstances"]>;
  onClose: () => void;
  onDo: (runs: Named[], onlyFailed: boolean) => void;
}

const WORDS: Record<BulkAction, { title: string; button: string; text: string }> = {
  clear: { title: "Clear", button: "Clear", text: "What is cleared runs again, with what follows from it." },
  cancel: { title: "Cancel", button: "Cancel the runs", text: "What is at work is ended; what has not begun is skipped." },
  succeed: { title: "Mark as succeeded", button: "Mark", text: "What is at work is ended; what has not ended well is marked as succeeded." },
};
const LISTED = 12;

export function BulkDialog({ action, runs, preview, onClose, onDo }: BulkDialogProps) {
  const [onlyFailed, setOnlyFailed] = useState(true);
  const [would, setWould] = useState<Schemas["ClearedInstances"] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const id = useId();
  const words = WORDS[action];
  const named = runs.map(({ dag_id, dag_run_id }) => ({ dag_id, dag_run_id }));
  const key = JSON.stringify(named);
  useEffect(() => {
    if (action !== "clear") return;
    let gone = false;
    setWould(null);
    setError(null);
    preview(JSON.parse(key) as Named[], onlyFailed).then(
      (found) => !gone && setWould(found),
      (problem: unknown) => !gone && setError(problem),
    );
    return () => {
      gone = true;
    };
  }, [action, key, onlyFailed, preview]);
  const many = runs.length === 1 ? "1 run" : `${runs.length} runs`;
  const nothing = action === "clear" && would !== null && would.total_entries === 0;
  return (
    <Dialog
      title={`${words.title}: ${many}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind={action === "cancel" ? "danger" : "main"} disabled={nothing || runs.length === 0} onClick={() => onDo(named, onlyFailed)}>
            {words.button}
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={() => onDo(named, onlyFailed)}>
        <p>{words.text}</p>
        {action === "clear" ? (
          <>
            <label className={css.choice}>
              <input type="checkbox" checked={onlyFailed} onChange={(event) => setOnlyFailed(event.target.checked)} />
              Only tasks that failed or did not run
            </label>
            <div className={css.preview} aria-live="polite">
              {error !== null && <Failure error={error} />}
              {would !== null && (
                <>
                  <h3>{nothing ? "No task would run again." : `${would.total_entries} ${would.total_entries === 1 ? "task runs" : "tasks run"} again`}</h3>
                  <ul>
                    {would.task_instances.slice(0, LISTED).map((one, at) => (
                      <Touched key={at} one={one as TouchedTask} />
                    ))}
                  </ul>
                  {would.task_instances.length > LISTED && <p>… and {would.task_instances.length - LISTED} more</p>}
                </>
              )}
            </div>
          </>
        ) : (
          <ul className={css.preview}>
            {runs.slice(0, LISTED).map((run) => (
              <li key={`${run.dag_id} ${run.dag_run_id}`}>
                <StateGlyph state={run.state} size={12} /> {run.dag_id} <span className={css.id}>{run.dag_run_id}</span>
              </li>
            ))}
            {runs.length > LISTED && <li>… and {runs.length - LISTED} more</li>}
          </ul>
        )}
      </Form>
    </Dialog>
  );
}

interface TouchedTask {
  dag_id?: string;
  task_id: string;
  map_index?: number;
  state?: string | null;
}

function Touched({ one }: { one: TouchedTask }) {
  return (
    <li>
      <StateGlyph state={one.state} size={12} /> {one.dag_id} · {one.task_id}
      {(one.map_index ?? -1) >= 0 && `[${one.map_index}]`}
    </li>
  );
}
