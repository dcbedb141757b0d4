// A DAG at a glance.
import { lazy, Suspense } from "react";
import type { Schemas } from "~/api/client";
import type { Coming } from "~/api/dagQueries";
import { now, useZone } from "~/app/clock";
import { Link } from "~/app/router";
import type { Graph } from "~/models/graph.model";
import { ABSENT, codeOf, type Grid, type GridRun } from "~/models/grid.model";
import { links } from "~/models/links.model";
import { stateOf, wordOf } from "~/models/states.model";
import { absolute, duration } from "~/models/time.model";
import { Panel, Waiting } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration, RelativeTime } from "../Time";
import css from "./OverviewView.module.css";

const Markdown = lazy(() => import("../Markdown"));

export interface OverviewViewProps {
  dag: Schemas["DagDetails"];
  grid: Grid;
  coming: Coming | undefined;
  graph: Graph | undefined;
  why: string | undefined;
}

const BARS = 40;

export function OverviewView({ dag, grid, coming, graph, why }: OverviewViewProps) {
  const last = grid.runs[grid.runs.length - 1];
  return (
    <div className={css.page}>
      <div className={css.main}>
        <Panel title={last === undefined ? "No runs yet" : "The last run"} more={last !== undefined ? <Link href={links.run(dag.dag_id, last.runId)}>Open</Link> : undefined}>
          {last === undefined ? (
            <p className={css.soft}>{why ?? "It runs when it is triggered, or when its schedule says so."}</p>
          ) : (
            <Last run={last} dagId={dag.dag_id} why={why} tasks={grid.tasks} />
          )}
        </Panel>
        {grid.runs.length > 0 && (
          <Panel title="Runs" more={<Link href={links.dag(dag.dag_id, "grid")}>All in the grid</Link>}>
            <RunBars dagId={dag.dag_id} runs={grid.runs.slice(-BARS)} />
          </Panel>
        )}
        {dag.doc_md && (
          <Panel title="What its author says">
            <Suspense fallback={<Waiting rows={4} />}>
              <Markdown text={dag.doc_md} />
            </Suspense>
          </Panel>
        )}
      </div>
      <div className={css.side}>
        <Panel title="Next">
          {coming !== undefined && coming.dates.length > 0 ? (
            <ol className={css.dates}>
              {coming.dates.map(([due]) => (
                <li key={due}>
                  <AbsoluteTime at={due} />
                  <span className={css.soft}>
                    <RelativeTime at={due} />
                  </span>
                </li>
              ))}
            </ol>
          ) : (
            <p className={css.soft}>{dag.asset_expression !== null ? "It starts when the assets that it waits for are new." : "No date is planned: it starts when somebody triggers it."}</p>
          )}
          {dag.is_paused && coming !== undefined && coming.dates.length > 0 && <p className={css.soft}>It is paused: none of these starts before it is unpaused.</p>}
        </Panel>
        <Panel title="In it">
          <dl className={css.facts}>
            <Fact label="Tasks" value={<Link href={links.dag(dag.dag_id, "graph")}>{grid.tasks.length}</Link>} />
            {graph !== undefined && graph.groups.length > 0 && <Fact label="Groups" value={graph.groups.length} />}
            {graph !== undefined && graph.mapped.length > 0 && <Fact label="Mapped tasks" value={graph.mapped.length} />}
            <Fact label="Version" value={<Link href={links.dag(dag.dag_id, "code")}>{dag.latest_dag_version?.version_number ?? "–"}</Link>} />
            <Fact label="Owner" value={dag.owners.join(", ")} />
            {dag.tags.length > 0 && <Fact label="Tags" value={dag.tags.map((tag) => tag.name).join(", ")} />}
            <Fact label="File" value={<code>{dag.relative_fileloc ?? dag.fileloc}</code>} />
          </dl>
          {dag.description && <p className={css.description}>{dag.description}</p>}
        </Panel>
        {graph !== undefined && graph.assets.length > 0 && (
          <Panel title="Assets">
            <ul className={css.assets}>
              {graph.assets.map(([name, uri], at) => (
                <li key={uri}>
                  <span className={css.role}>{roleOf(graph, at)}</span>
                  <code title={uri}>{name}</code>
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </div>
    </div>
  );
}

function roleOf(graph: Graph, asset: number): string {
  const roles: string[] = [];
  if (graph.starts.includes(asset)) roles.push("starts it");
  if (graph.uses.some(([, one]) => one === asset)) roles.push("used");
  if (graph.makes.some(([, one]) => one === asset)) roles.push("made");
  return roles.join(", ");
}

function Fact({ label, value }: { label: string; value: React.ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const FAILED = [codeOf("failed"), codeOf("upstream_failed")];
const OVER = new Set(["success", "failed", "skipped", "upstream_failed", "removed"].map(codeOf));
const FAILED_MAX = 6;

function Last({ run, dagId, why, tasks }: { run: GridRun; dagId: string; why: string | undefined; tasks: string[] }) {
  const failed = tasks.filter((_, at) => run.cells[at] === FAILED[0]);
  const all = run.cells.reduce((n, code) => n + (code === ABSENT ? 0 : 1), 0);
  const over = run.cells.reduce((n, code) => n + (OVER.has(code) ? 1 : 0), 0);
  return (
    <div className={css.last}>
      <p className={css.line}>
        <StateGlyph state={run.state} size={18} named />
        <Duration from={run.started} to={run.ended} />
        <span className={css.soft}>
          {over} of {all} tasks are over
        </span>
        <span className={css.soft}>
          <RelativeTime at={run.ended ?? run.started ?? run.queued} />
        </span>
      </p>
      {why !== undefined && run.state !== "success" && <p>{why}</p>}
      {failed.length > 0 && (
        <ul className={css.failed}>
          {failed.slice(0, FAILED_MAX).map((task) => (
            <li key={task}>
              <Link href={`${links.dag(dagId, "grid")}?${new URLSearchParams({ run: run.runId, task })}`}>
                <StateGlyph state="failed" /> {task}
              </Link>
            </li>
          ))}
          {failed.length > FAILED_MAX && <li className={css.soft}>and {failed.length - FAILED_MAX} more</li>}
        </ul>
      )}
    </div>
  );
}

function RunBars({ dagId, runs }: { dagId: string; runs: GridRun[] }) {
  const zone = useZone();
  const at = now();
  const took = (run: GridRun) => (run.started === null ? 0 : (run.ended ?? at) - run.started);
  const most = Math.max(0.001, ...runs.map(took));
  return (
    <div className={css.bars} role="list" aria-label="Runs, oldest first">
      {runs.map((run) => {
        const words = `${absolute(run.date ?? run.queued, zone)}: ${wordOf(run.state)}, ${duration(took(run))}`;
        return (
          <span key={run.runId} role="listitem" className={css.place}>
            <Link href={`${links.dag(dagId, "grid")}?${new URLSearchParams({ run: run.runId })}`} className={css.bar} title={words} aria-label={words}>
              <span style={{ height: `${4 + (96 * took(run)) / most}%`, background: `var(--state-${stateOf(run.state)})` }} />
              <StateGlyph state={run.state} size={12} />
            </Link>
          </span>
        );
      })}
    </div>
  );
}
