// Backfills: from when to when, how many runs at once, and whether they go on.
import type { Schemas } from "~/api/client";
import { secondsOf } from "~/models/time.model";
import { Button } from "../Button";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, RelativeTime } from "../Time";
import css from "./BackfillTable.module.css";

export interface BackfillTableProps {
  backfills: Schemas["Backfill"][];
  mayRun: boolean;
  onChange: (id: number, what: "pause" | "unpause" | "cancel") => void;
}

const AGAIN: Record<string, string> = { none: "dates without a run", failed: "dates without a run, and failed runs", completed: "every date" };

export function BackfillTable({ backfills, mayRun, onChange }: BackfillTableProps) {
  if (backfills.length === 0) {
    return (
      <Empty title="Nothing has been backfilled.">
        <p>A backfill makes runs for dates that lie in the past, as many at once as you allow.</p>
      </Empty>
    );
  }
  return (
    <ul className={css.list}>
      {backfills.map((one) => {
        const isOver = one.completed_at !== null;
        return (
          <li key={one.id} className={css.one}>
            <StateGlyph state={isOver ? "success" : one.is_paused ? "deferred" : "running"} />
            <div className={css.words}>
              <p>
                <AbsoluteTime at={secondsOf(one.from_date)} /> to <AbsoluteTime at={secondsOf(one.to_date)} />
              </p>
              <p className={css.soft}>
                {AGAIN[one.reprocess_behavior] ?? one.reprocess_behavior}, {one.max_active_runs} at once, asked for <RelativeTime at={secondsOf(one.created_at)} />
                {isOver ? (
                  <>
                    , over <RelativeTime at={secondsOf(one.completed_at)} />
                  </>
                ) : one.is_paused ? (
                  ", paused"
                ) : (
                  ", under way"
                )}
              </p>
            </div>
            {!isOver && mayRun && (
              <span className={css.ways}>
                <Button size="small" onClick={() => onChange(one.id, one.is_paused ? "unpause" : "pause")}>
                  {one.is_paused ? "Go on" : "Pause"}
                </Button>
                <Button size="small" kind="danger" onClick={() => onChange(one.id, "cancel")}>
                  Cancel
                </Button>
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
