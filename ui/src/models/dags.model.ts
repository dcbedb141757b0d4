// The list of DAGs: what is looked for, in which order, and what an event makes of it.
import type { Schemas } from "~/api/client";
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { runAfter, runBegun, runOf } from "./runs.model";
import { isOpenRun } from "./states.model";

export type DagList = Schemas["DagList"];
export type ListedDag = Schemas["ListedDag"];

const RUNS_MAX = 20;

export interface DagFilter {
  text: string;
  tags: string[];
  owner: string;
  state: string; // active, paused, or a state of its newest run; empty: all
}

/** All words of the text stand somewhere in its names, tags or description. */
export function fits(dag: ListedDag, filter: DagFilter): boolean {
  if (filter.owner !== "" && !dag.owners.includes(filter.owner)) return false;
  if (!filter.tags.every((tag) => dag.tags.includes(tag))) return false;
  if (filter.state !== "" && !hasState(dag, filter.state)) return false;
  if (filter.text.trim() === "") return true;
  const text = [dag.dag_id, dag.name, dag.description ?? "", ...dag.tags, ...dag.owners].join(" ").toLowerCase();
  return filter.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function hasState(dag: ListedDag, state: string): boolean {
  if (state === "paused") return dag.paused;
  if (state === "active") return !dag.paused;
  if (state === "running") return dag.active > 0;
  return newest(dag)?.state === state;
}

export function newest(dag: ListedDag) {
  const last = dag.runs[dag.runs.length - 1];
  return last === undefined ? null : runOf(last);
}

export type DagOrder = "name" | "next" | "last" | "state";

const WEIGHT: Record<string, number> = { failed: 0, running: 1, queued: 2, success: 3 };

export function compare(order: DagOrder, a: ListedDag, b: ListedDag): number {
  const byName = a.name.localeCompare(b.name, "en", { numeric: true, sensitivity: "base" });
  if (order === "next") return (a.next_at ?? Infinity) - (b.next_at ?? Infinity) || byName;
  if (order === "last") return (newest(b)?.queued ?? 0) - (newest(a)?.queued ?? 0) || byName;
  if (order === "state") return (WEIGHT[newest(a)?.state ?? ""] ?? 4) - (WEIGHT[newest(b)?.state ?? ""] ?? 4) || byName;
  return byName;
}

export function tagsOf(dags: ListedDag[]): [string, number][] {
  return counted(dags.flatMap((dag) => dag.tags));
}

export function ownersOf(dags: ListedDag[]): [string, number][] {
  return counted(dags.flatMap((dag) => dag.owners));
}

function counted(names: string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

export function dagsAfter(list: DagList, event: Told): Delta<DagList> {
  if (event.kind === "version" || event.kind === "file") return { next: list, stale: true };
  const at = list.dags.findIndex((dag) => dag.dag_id === event.dag_id);
  const dag = list.dags[at];
  if (dag === undefined) return { next: list, stale: event.kind === "run" };
  if (event.kind === "paused" || event.kind === "unpaused") {
    // When it is next due only the engine knows.
    return { next: withDag(list, at, { ...dag, paused: event.kind === "paused" }), stale: true };
  }
  if (event.kind === "removed_run") return { next: list, stale: true };
  if (event.kind !== "run" || event.dag_run_id === null) return { next: list };
  return runTold(list, at, dag, event);
}

function runTold(list: DagList, at: number, dag: ListedDag, event: Told): Delta<DagList> {
  const [before, after] = event.data as [string, string];
  const place = dag.runs.findIndex((run) => run[1] === event.dag_run_id);
  const known = dag.runs[place];
  const runs = [...dag.runs];
  let active = dag.active;
  if (known === undefined) {
    runs.push(runBegun(event));
    if (runs.length > RUNS_MAX) runs.shift();
    if (isOpenRun(after)) active += 1;
  } else {
    runs[place] = runAfter(known, event);
    if (isOpenRun(before) && !isOpenRun(after)) active -= 1;
    if (!isOpenRun(before) && isOpenRun(after)) active += 1;
  }
  return { next: withDag(list, at, { ...dag, runs, active: Math.max(0, active) }), stale: known === undefined };
}

function withDag(list: DagList, at: number, dag: ListedDag): DagList {
  const dags = [...list.dags];
  dags[at] = dag;
  return { ...list, dags };
}
