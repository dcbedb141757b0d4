// What is chosen in a grid or a graph: a run, a group, or an attempt with all that belongs to it.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { whyQuery } from "~/api/dagQueries";
import { Link, withQuery } from "~/app/router";
import { ChosenBar, ChosenHead, type ChosenTime, StateCounts } from "~/components/dag/ChosenHead";
import { Waiting } from "~/components/Panel";
import type { Graph } from "~/models/graph.model";
import { cellOf, type Grid, type GridRun, stateAt } from "~/models/grid.model";
import { links } from "~/models/links.model";
import css from "./Chosen.module.css";

const AttemptPanel = lazy(async () => ({ default: (await import("~/components/attempt/AttemptPanel")).AttemptPanel }));

export interface ChosenProps {
  dagId: string;
  runId: string;
  taskId: string | null;
  group: string | null;
  mapIndex: number;
  grid: Grid;
  graph: Graph | null;
}

export function Chosen(props: ChosenProps) {
  const run = props.grid.runs.find((one) => one.runId === props.runId);
  if (props.taskId !== null) return <ChosenTask {...props} taskId={props.taskId} run={run} />;
  if (run === undefined) return <p className={css.text}>This run is not among those that are shown.</p>;
  if (props.group !== null) return <ChosenGroup {...props} group={props.group} run={run} />;
  return <ChosenRun {...props} run={run} />;
}

const timeOf = (run: GridRun | undefined): ChosenTime | undefined =>
  run === undefined ? undefined : { runId: run.runId, date: run.date ?? run.queued };

function ChosenTask({ dagId, runId, taskId, mapIndex, run }: ChosenProps & { taskId: string; run: GridRun | undefined }) {
  const instanceAt = (index: number) => withQuery({ map: String(index), try: null });
  return (
    <>
      <ChosenBar dagId={dagId} run={timeOf(run) ?? { runId, date: null }} />
      <div className={css.attempt}>
        <Suspense fallback={<Waiting rows={8} />}>
          <AttemptPanel dagId={dagId} runId={runId} taskId={taskId} mapIndex={mapIndex} hrefOf={instanceAt} beside />
        </Suspense>
      </div>
    </>
  );
}

function ChosenGroup({ dagId, runId, group, graph, grid, run }: ChosenProps & { group: string; run: GridRun }) {
  const at = graph?.groups.findIndex(([id]) => id === group) ?? -1;
  const members = at < 0 || graph === null ? null : graph.membersOf(at);
  const row = { key: `g:${group}`, kind: "group" as const, label: group, depth: 0, taskId: group, place: -1, mapIndex: -1, folds: true, open: false, members, many: 0 };
  const cell = members === null ? null : cellOf(run, row, new Map());
  return (
    <>
      <ChosenHead dagId={dagId} name={group} state={cell === null ? undefined : stateAt(cell.code)} run={timeOf(run)!} />
      <div className={css.text}>
        {cell?.counts && <StateCounts counts={cell.counts} />}
        <ul className={css.members}>
          {[...(members ?? [])].slice(0, 500).map((place) => (
            <li key={place}>
              <Link href={`${links.dag(dagId, "grid")}?${new URLSearchParams({ run: runId, task: grid.tasks[place]! })}`} className={css.member}>
                <StateOf code={run.cells[place]!} /> {grid.tasks[place]}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function StateOf({ code }: { code: number }) {
  return <ChosenHead.Glyph state={stateAt(code)} />;
}

function ChosenRun({ dagId, grid, run }: ChosenProps & { run: GridRun }) {
  const why = useQuery(whyQuery(dagId, run.runId));
  const all = { key: "all", kind: "group" as const, label: "", depth: 0, taskId: "", place: -1, mapIndex: -1, folds: false, open: false, members: Int32Array.from(grid.tasks.keys()), many: 0 };
  const cell = cellOf(run, all, new Map());
  return (
    <>
      <ChosenHead dagId={dagId} name="Run" href={links.run(dagId, run.runId)} state={run.state} run={timeOf(run)!} span={run} type={run.type} />
      <div className={css.text}>
        {why.data !== undefined && <p>{why.data.sentence}</p>}
        {cell.counts !== null && <StateCounts counts={cell.counts} />}
        <p className={css.ways}>
          <Link className="plain-link" href={links.run(dagId, run.runId)}>
            Open the run
          </Link>
          <Link className="plain-link" href={`${links.dag(dagId, "timeline")}?${new URLSearchParams({ run: run.runId })}`}>
            Timeline
          </Link>
          <Link className="plain-link" href={`${links.dag(dagId, "graph")}?${new URLSearchParams({ run: run.runId })}`}>
            Graph
          </Link>
        </p>
      </div>
    </>
  );
}
