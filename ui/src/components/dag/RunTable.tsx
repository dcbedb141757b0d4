// The runs of one DAG: state, date, what started them, how long they took, and how their tasks stand.
import { useMemo } from "react";
import { ABSENT, type GridRun } from "~/models/grid.model";
import { links } from "~/models/links.model";
import { typeWord } from "~/models/run-list.model";
import { TASK_STATES, wordOf } from "~/models/states.model";
import { type Column, DataTable } from "../DataTable";
import { Select } from "../Field";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration, RelativeTime } from "../Time";
import css from "./RunTable.module.css";

export interface RunTableProps {
  dagId: string;
  rows: GridRun[];
  known: number;
  hasOlder: boolean;
  types: string[];
  state: string;
  type: string;
  onState: (state: string) => void;
  onType: (type: string) => void;
  onEnd: () => void;
}

export function RunTable(props: RunTableProps) {
  const { dagId, rows } = props;
  const columns = useMemo<Column<GridRun>[]>(
    () => [
      { id: "state", header: "State", width: "96px", cell: (run) => <StateGlyph state={run.state} named /> },
      { id: "date", header: "Date", width: "1 1 150px", cell: (run) => <AbsoluteTime at={run.date ?? run.queued} /> },
      { id: "tasks", header: "Tasks", width: "1 1 120px", from: 640, cell: (run) => <Tasks run={run} /> },
      { id: "type", header: "Started by", width: "124px", from: 640, cell: (run) => <span className={css.soft}>{typeWord(run.type)}</span> },
      { id: "began", header: "Began", width: "84px", from: 480, cell: (run) => <RelativeTime at={run.started} /> },
      { id: "took", header: "Took", width: "84px", align: "end", cell: (run) => <Duration from={run.started} to={run.ended} /> },
      { id: "version", header: "Version", width: "60px", from: 1000, align: "end", cell: (run) => <span className="numbers">{run.version}</span> },
      { id: "run", header: "Run", width: "2 1 200px", from: 1000, cell: (run) => <code className={css.soft}>{run.runId}</code> },
    ],
    [],
  );
  return (
    <div className={css.page}>
      <div className={css.filters}>
        <Select aria-label="State" value={props.state} onChange={(event) => props.onState(event.target.value)}>
          <option value="">All states</option>
          {["running", "queued", "success", "failed"].map((state) => (
            <option key={state} value={state}>
              {wordOf(state)}
            </option>
          ))}
        </Select>
        <Select aria-label="Started by" value={props.type} onChange={(event) => props.onType(event.target.value)}>
          <option value="">Started by anything</option>
          {props.types.map((type) => (
            <option key={type} value={type}>
              {typeWord(type)}
            </option>
          ))}
        </Select>
        <span className={css.count} role="status">
          {rows.length} of {props.known}
          {props.hasOlder && "+"}
        </span>
      </div>
      <div className={css.table}>
        <DataTable
          label={`Runs of ${dagId}`}
          columns={columns}
          rows={rows}
          keyOf={(run) => run.runId}
          hrefOf={(run) => links.run(dagId, run.runId)}
          onEnd={props.onEnd}
          place={`runs ${dagId}`}
          empty={
            props.known === 0 ? (
              <Empty title="There are no runs yet.">Trigger one, or unpause the DAG and wait for its schedule.</Empty>
            ) : (
              <Empty title="No run that is known here is like that." />
            )
          }
        />
      </div>
    </div>
  );
}

/** How many of its tasks stand how. */
function Tasks({ run }: { run: GridRun }) {
  const of = new Uint32Array(TASK_STATES.length);
  let n = 0;
  for (const code of run.cells) {
    if (code === ABSENT) continue;
    of[code]! += 1;
    n += 1;
  }
  const parts = TASK_STATES.flatMap((state, code) => (of[code]! > 0 ? [{ state, n: of[code]! }] : [])).reverse();
  return (
    <span className={css.bar} title={parts.map((one) => `${one.n} ${wordOf(one.state)}`).join(", ")}>
      {parts.map((one) => (
        <span key={one.state} style={{ flexGrow: one.n / n, background: `var(--state-${one.state})` }} />
      ))}
    </span>
  );
}
