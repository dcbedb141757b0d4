// The head of a DAG's page: its name, its switch, when it runs, and what one can start.
import type { Schemas } from "~/api/client";
import type { Coming } from "~/api/dagQueries";
import { useZone } from "~/app/clock";
import { absolute } from "~/models/time.model";
import { Button } from "../Button";
import { PlayIcon, WarningIcon } from "../icons";
import { RelativeTime } from "../Time";
import { Toggle } from "../Toggle";
import css from "./DagHead.module.css";

export interface DagHeadProps {
  dagId: string;
  dag: Schemas["DagDetails"] | undefined;
  coming: Coming | undefined;
  mayPause: boolean;
  mayRun: boolean;
  onPause: (paused: boolean) => void;
  onTrigger: () => void;
  onBackfill: (() => void) | undefined;
}

export function DagHead({ dagId, dag, coming, mayPause, mayRun, onPause, onTrigger, onBackfill }: DagHeadProps) {
  const zone = useZone();
  const name = dag?.dag_display_name ?? dagId;
  const dates = coming?.dates ?? [];
  const next = dates[0];
  return (
    <header className={css.head}>
      <div className={css.words}>
        <h1 className={css.name}>{name}</h1>
        {dag !== undefined && (
          <div className={css.line}>
            {name !== dagId && <code className={css.id}>{dagId}</code>}
            <span className={css.switch}>
              <Toggle on={!dag.is_paused} label={`${name} is ${dag.is_paused ? "paused" : "active"}`} disabled={!mayPause} onChange={(on) => onPause(!on)} />
              {dag.is_paused ? "paused" : "active"}
            </span>
            <span title={dag.timetable_summary ?? undefined}>{scheduleOf(dag)}</span>
            {next !== undefined && (
              <span className={css.next} title={dates.map(([at]) => absolute(at, zone, true)).join("\n")}>
                {dag.is_paused ? "would run " : "next "}
                <RelativeTime at={next[0]} />
              </span>
            )}
            {dag.active_runs_count > 0 && <span className={css.active}>{dag.active_runs_count} under way</span>}
            {dag.has_import_errors && (
              <span className={css.broken} title="The version shown here is the last that could be read.">
                <WarningIcon /> its file cannot be read
              </span>
            )}
            {dag.is_stale && <span className={css.broken}>its file is gone</span>}
          </div>
        )}
      </div>
      <div className={css.actions}>
        {onBackfill !== undefined && mayRun && <Button onClick={onBackfill}>Backfill</Button>}
        {mayRun && (
          <Button kind="main" onClick={onTrigger} disabled={dag === undefined}>
            <PlayIcon /> Trigger
          </Button>
        )}
      </div>
    </header>
  );
}

function scheduleOf(dag: Schemas["DagDetails"]): string {
  if (dag.asset_expression !== null) return "when its assets are new";
  if (dag.timetable_summary === null) return "by hand";
  return dag.timetable_description ?? dag.timetable_summary;
}
