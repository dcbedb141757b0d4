// The list of all runs: what is asked for, and what an event makes of its pages.
import type { InfiniteData } from "@tanstack/react-query";
import type { Schemas } from "~/api/client";
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { isOpenRun } from "./states.model";

export type DagRun = Schemas["DagRun"];
export type RunPages = InfiniteData<Schemas["DagRuns"], unknown>;

export interface RunFilter {
  dag: string;
  states: string[];
  types: string[];
  since: string; // how long ago at the most: 1h, 24h, 7d; empty: ever
  sort: string;
}

/** As the list of all runs begins. */
export const NO_FILTER: RunFilter = { dag: "", states: [], types: [], since: "", sort: "-id" };

export const SINCE: Record<string, number> = { "1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400 };

/** As the API is asked. */
export function asked(filter: RunFilter, now = Date.now() / 1000) {
  const seconds = SINCE[filter.since];
  return {
    dag_id_pattern: filter.dag.trim() || undefined,
    state: filter.states.length > 0 ? filter.states : undefined,
    run_type: filter.types.length > 0 ? filter.types : undefined,
    run_after_gte: seconds === undefined ? undefined : new Date((now - seconds) * 1000).toISOString(),
  };
}

export function keyOf(run: { dag_id: string; dag_run_id: string }): string {
  return `${run.dag_id}\n${run.dag_run_id}`;
}

export function rowsOf(pages: RunPages | undefined): DagRun[] {
  // A run that began between two pages moves the rest by one place: it is there once all the same.
  const found = new Map<string, DagRun>();
  for (const page of pages?.pages ?? []) for (const run of page.dag_runs) found.set(keyOf(run), run);
  return [...found.values()];
}

export function runsAfter(pages: RunPages, event: Told): Delta<RunPages> {
  if (event.kind === "removed_run") return { next: pages, stale: true };
  if (event.kind !== "run" || event.dag_run_id === null) return { next: pages };
  for (const [place, page] of pages.pages.entries()) {
    const at = page.dag_runs.findIndex((run) => run.dag_run_id === event.dag_run_id && run.dag_id === event.dag_id);
    const run = page.dag_runs[at];
    if (run === undefined) continue;
    const dag_runs = [...page.dag_runs];
    dag_runs[at] = after(run, event);
    return { next: { ...pages, pages: pages.pages.map((one, n) => (n === place ? { ...one, dag_runs } : one)) } };
  }
  return { next: pages, stale: true };
}

function after(run: DagRun, event: Told): DagRun {
  const state = (event.data as [string, string])[1] as DagRun["state"];
  const moment = new Date(event.at * 1000).toISOString();
  const over = !isOpenRun(state);
  const start_date = state === "running" ? (run.start_date ?? moment) : run.start_date;
  const end_date = over ? (run.end_date ?? moment) : null;
  const duration = over && start_date !== null ? (Date.parse(end_date ?? moment) - Date.parse(start_date)) / 1000 : null;
  return { ...run, state, start_date, end_date, duration };
}

const TYPES: Record<string, string> = {
  scheduled: "schedule",
  manual: "by hand",
  backfill: "backfill",
  asset_triggered: "asset",
  operator_triggered: "another DAG",
  asset_materialization: "asset by hand",
};

export function typeWord(type: string): string {
  return TYPES[type] ?? type;
}

export const RUN_TYPES = Object.keys(TYPES);
