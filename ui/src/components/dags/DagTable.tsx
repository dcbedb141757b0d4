// The DAGs as a table: switch, name, last runs, schedule, next, tags, start.
import { useMemo } from "react";
import { useZone } from "~/app/clock";
import { newest, type ListedDag } from "~/models/dags.model";
import { links } from "~/models/links.model";
import { lengthOf, runOf } from "~/models/runs.model";
import { wordOf } from "~/models/states.model";
import { absolute, duration } from "~/models/time.model";
import { Button } from "../Button";
import { type Column, DataTable } from "../DataTable";
import { PlayIcon, WarningIcon } from "../icons";
import { Empty } from "../Panel";
import { Sparkbars, type Bar } from "../Sparkbars";
import { StateGlyph } from "../StateGlyph";
import { RelativeTime } from "../Time";
import { Toggle } from "../Toggle";
import css from "./DagTable.module.css";

export interface DagTableProps {
  rows: ListedDag[];
  sort: string;
  onSort: (sort: string) => void;
  mayWrite: boolean;
  filtered: boolean;
  onPause: (dag: ListedDag, paused: boolean) => void;
  onTrigger: (dag: ListedDag) => void;
  onTag: (tag: string) => void;
  onClear: () => void;
}

const PLACES = 14;
const ROW = 44;

export function DagTable(props: DagTableProps) {
  const { rows, mayWrite, onPause, onTrigger, onTag } = props;
  const zone = useZone();
  const columns = useMemo<Column<ListedDag>[]>(
    () => [
      {
        id: "name",
        header: "DAG",
        sort: "name",
        width: "3 1 160px",
        cell: (dag) => <Name dag={dag} />,
      },
      {
        id: "runs",
        header: "Last runs",
        sort: "state",
        width: "112px",
        from: 480,
        cell: (dag) => <Sparkbars bars={barsOf(dag, zone)} places={PLACES} label={`The last runs of ${dag.name}`} />,
      },
      { id: "last", header: "Last", sort: "last", width: "118px", from: 800, cell: (dag) => <Last dag={dag} /> },
      {
        id: "schedule",
        header: "Schedule",
        width: "1 1 110px",
        from: 1000,
        cell: (dag) => (
          <span className={css.soft} title={dag.schedule_words ?? undefined}>
            {dag.schedule_words ?? (dag.schedule === "Asset" ? "when its assets are new" : (dag.schedule ?? "by hand"))}
          </span>
        ),
      },
      {
        id: "next",
        header: "Next",
        sort: "next",
        width: "76px",
        from: 640,
        cell: (dag) => <span className={css.soft}>{dag.paused ? "paused" : <RelativeTime at={dag.next_at} />}</span>,
      },
      {
        id: "tags",
        header: "Tags",
        width: "1 1 100px",
        from: 1000,
        cell: (dag) => dag.tags.map((tag) => (
          <button key={tag} type="button" className={css.tag} title={`Only with the tag ${tag}`} onClick={() => onTag(tag)}>
            {tag}
          </button>
        )),
      },
      { id: "owners", header: "Owner", width: "90px", from: 1200, cell: (dag) => <span className={css.soft}>{dag.owners.join(", ")}</span> },
      {
        id: "active",
        header: "Active",
        width: "40px",
        align: "end",
        cell: (dag) => <Toggle on={!dag.paused} label={`${dag.name} is ${dag.paused ? "paused" : "active"}`} disabled={!mayWrite} onChange={(on) => onPause(dag, !on)} />,
      },
      {
        id: "run",
        header: <span className="unseen">Run</span>,
        width: "30px",
        align: "end",
        cell: (dag) => (
          <Button kind="quiet" size="small" label={`Run ${dag.name}`} disabled={!mayWrite} onClick={() => onTrigger(dag)}>
            <PlayIcon />
          </Button>
        ),
      },
    ],
    [zone, mayWrite, onPause, onTrigger, onTag],
  );
  return (
    <DataTable
      label="DAGs"
      columns={columns}
      rows={rows}
      keyOf={(dag) => dag.dag_id}
      hrefOf={(dag) => links.dag(dag.dag_id)}
      toneOf={(dag) => (dag.paused ? "quiet" : undefined)}
      sort={props.sort}
      onSort={props.onSort}
      rowHeight={ROW}
      place="dags"
      empty={
        props.filtered ? (
          <Empty title="No DAG fits." action={<Button onClick={props.onClear}>Show all</Button>} />
        ) : (
          <Empty title="There are no DAGs yet.">
            <p>
              Put a Python file that defines one into <code>dags/</code> in Venturi's home, or start Venturi with{" "}
              <code>--dags FOLDER</code>. It is here a moment after it is saved.
            </p>
          </Empty>
        )
      }
    />
  );
}

function Name({ dag }: { dag: ListedDag }) {
  return (
    <span className={css.name}>
      <span className={css.title}>
        <span className={css.state}>
          <StateGlyph state={newest(dag)?.state} size={12} />
        </span>
        {dag.name}
        {dag.broken && (
          <span className={css.broken} title="Its file cannot be read at present: an older version is shown.">
            <WarningIcon />
          </span>
        )}
      </span>
      <span className={css.about}>{dag.name !== dag.dag_id ? dag.dag_id : (dag.description ?? dag.file ?? "")}</span>
    </span>
  );
}

function Last({ dag }: { dag: ListedDag }) {
  const run = newest(dag);
  if (run === null) return <span className={css.soft}>never</span>;
  return (
    <span className={css.last}>
      <StateGlyph state={run.state} size={12} />
      <RelativeTime at={run.ended ?? run.started ?? run.queued} />
    </span>
  );
}

/** Heights by how long each took beside the longest of them. */
function barsOf(dag: ListedDag, zone: string): Bar[] {
  const runs = dag.runs.slice(-PLACES).map(runOf);
  const now = Date.now() / 1000;
  const lengths = runs.map((run) => lengthOf(run, now) ?? 0);
  const longest = Math.max(0.001, ...lengths);
  return runs.map((run, at) => ({
    key: run.runId,
    state: run.state,
    share: lengths[at]! / longest,
    title: `${absolute(run.date ?? run.queued, zone)}, ${wordOf(run.state)}${run.started === null ? "" : `, ${duration(lengths[at]!)}`}`,
    href: links.run(dag.dag_id, run.runId),
  }));
}
