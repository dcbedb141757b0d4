// Runs as a table, newest first.
import { useMemo } from "react";
import { links } from "~/models/links.model";
import { type DagRun, keyOf, typeWord } from "~/models/run-list.model";
import { secondsOf } from "~/models/time.model";
import { Button } from "../Button";
import { type Column, DataTable } from "../DataTable";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration, RelativeTime } from "../Time";
import css from "./RunTable.module.css";

export interface RunTableProps {
  rows: DagRun[];
  sort: string;
  onSort: (sort: string) => void;
  chosen?: ReadonlySet<string> | undefined;
  onChoose?: ((keys: ReadonlySet<string>) => void) | undefined;
  onEnd: () => void;
  filtered: boolean;
  onClear: () => void;
  /** On a DAG's own page its name says nothing. */
  ofOneDag?: boolean;
}

export function RunTable(props: RunTableProps) {
  const { ofOneDag = false } = props;
  const columns = useMemo<Column<DagRun>[]>(
    () => [
      {
        id: "run",
        header: "Run",
        sort: ofOneDag ? "run_id" : "dag_id",
        width: "3 1 170px",
        cell: (run) => (
          <span className={css.name}>
            <StateGlyph state={run.state} />
            <span className={css.both}>
              {!ofOneDag && <span className={css.dag}>{run.dag_display_name}</span>}
              <span className={css.id}>{run.dag_run_id}</span>
            </span>
          </span>
        ),
      },
      { id: "type", header: "Started by", sort: "run_type", width: "1 1 110px", from: 800, cell: (run) => <Starter run={run} /> },
      { id: "date", header: "Of", sort: "logical_date", width: "150px", from: 1000, cell: (run) => <AbsoluteTime at={secondsOf(run.logical_date)} /> },
      { id: "started", header: "Began", sort: "start_date", width: "92px", cell: (run) => <RelativeTime at={secondsOf(run.start_date ?? run.queued_at)} /> },
      {
        id: "took",
        header: "Took",
        sort: "duration",
        width: "82px",
        align: "end",
        from: 480,
        cell: (run) => <Duration from={secondsOf(run.start_date)} to={secondsOf(run.end_date)} />,
      },
      { id: "note", header: "Note", width: "1 1 90px", from: 1200, cell: (run) => <span className={css.soft}>{run.note}</span> },
    ],
    [ofOneDag],
  );
  return (
    <DataTable
      label="Runs"
      columns={columns}
      rows={props.rows}
      keyOf={keyOf}
      hrefOf={(run) => links.run(run.dag_id, run.dag_run_id)}
      sort={props.sort}
      onSort={props.onSort}
      rowHeight={ofOneDag ? 34 : 44}
      chosen={props.chosen}
      onChoose={props.onChoose}
      onEnd={props.onEnd}
      place={ofOneDag ? undefined : "runs"}
      empty={
        props.filtered ? (
          <Empty title="No run fits." action={<Button onClick={props.onClear}>Show all</Button>} />
        ) : (
          <Empty title="Nothing has run yet.">
            <p>A run begins when a DAG's date is due, when something it waits for is there, or when somebody starts it.</p>
          </Empty>
        )
      }
    />
  );
}

function Starter({ run }: { run: DagRun }) {
  const who = run.triggering_user_name;
  return (
    <span className={css.soft} title={who ?? undefined}>
      {run.run_type === "manual" && who ? who : typeWord(run.run_type)}
    </span>
  );
}
