// What the pages of one DAG ask for, with what events do to it. The packed answers are unpacked once, here.
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { heard } from "~/app/clock";
import { type CalendarCounts, calendarAfter, calendarOf, type PackedCalendar } from "~/models/calendar.model";
import { type Durations, durationsAfter } from "~/models/durations.model";
import { graphOf, type PackedGraph } from "~/models/graph.model";
import {
  type Grid,
  gridAfter,
  gridOf,
  type InstanceTable,
  instancesAfter,
  instancesOf,
  type PackedGrid,
  type PackedInstances,
  withOlder,
} from "~/models/grid.model";
import { type Timeline, timelineAfter } from "~/models/timeline.model";
import { api, type Schemas, told } from "./client";
import { cache, onEvents } from "./live";

type Asked = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** The packed routes are described as plain objects: the type is said by name. */
async function packed<T>(asked: Asked): Promise<T> {
  const answer = (await told(asked)) as T & { now?: number };
  if (answer.now !== undefined) heard(answer.now);
  return answer;
}

const RUNS = 60;
const RUNS_MAX = 200;

// ── grid ──

export const gridQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["grid", dagId],
    queryFn: async ({ signal, queryKey }) => {
      const known = cache.getQueryData<Grid>(queryKey);
      const limit = Math.min(RUNS_MAX, Math.max(RUNS, known?.runs.length ?? 0));
      const next = await gridPage(dagId, limit, undefined, signal);
      // What had been read of older runs stays.
      return known !== undefined && known.runs.length > next.runs.length ? withOlder(next, known) : next;
    },
  });
onEvents<Grid>("grid", gridAfter);

async function gridPage(dagId: string, limit: number, before: number | undefined, signal?: AbortSignal): Promise<Grid> {
  const query = { limit, ...(before === undefined ? {} : { before }) };
  const path = { dag_id: dagId };
  return gridOf(await packed<PackedGrid>(api.GET("/api/venturi/v1/dags/{dag_id}/grid", { params: { path, query }, signal })), limit);
}

/** Adds the runs before the oldest that is known. */
export async function readOlderRuns(client: QueryClient, dagId: string): Promise<void> {
  const { queryKey } = gridQuery(dagId);
  const first = client.getQueryData<Grid>(queryKey)?.runs[0];
  if (first === undefined) return;
  const older = await gridPage(dagId, RUNS_MAX, first.number);
  client.setQueryData<Grid>(queryKey, (grid) => (grid === undefined ? grid : withOlder(grid, older)));
}

export const instancesQuery = (dagId: string, taskId: string, runs: number) =>
  queryOptions({
    queryKey: ["instances", dagId, taskId],
    queryFn: async ({ signal }) => {
      const query = { task_id: taskId, limit: Math.min(RUNS_MAX, Math.max(RUNS, runs)) };
      const params = { path: { dag_id: dagId }, query };
      return instancesOf(await packed<PackedInstances>(api.GET("/api/venturi/v1/dags/{dag_id}/instances", { params, signal })));
    },
  });
onEvents<InstanceTable>("instances", (table, event, key) => {
  if (event.dag_id !== key[1]) return { next: table };
  const grid = cache.getQueryData<Grid>(["grid", key[1]]);
  return instancesAfter(table, event, (runId) => grid?.runs.find((run) => run.runId === runId)?.number);
});

// ── graph ──

export const graphQuery = (dagId: string, version?: number) =>
  queryOptions({
    queryKey: ["graph", dagId, version ?? null],
    queryFn: async ({ signal }) => {
      const query = version === undefined ? {} : { version_number: version };
      const params = { path: { dag_id: dagId }, query };
      return graphOf(await packed<PackedGraph>(api.GET("/api/venturi/v1/dags/{dag_id}/graph", { params, signal })));
    },
  });
const ofDag = <T,>(answer: T, kind: string, dagId: unknown, event: { kind: string; dag_id: string | null }) => ({
  next: answer,
  stale: event.dag_id === dagId && event.kind === kind,
});
onEvents("graph", (graph: object, event, key) => ofDag(graph, "version", key[1], event));

// ── details, versions, dates ──

export const detailsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["details", dagId],
    queryFn: ({ signal }) => told<Schemas["DagDetails"]>(api.GET("/api/v2/dags/{dag_id}/details", { params: { path: { dag_id: dagId } }, signal })),
  });
onEvents<Schemas["DagDetails"]>("details", (details, event) => {
  if (event.dag_id !== details.dag_id) return { next: details };
  if (event.kind === "paused" || event.kind === "unpaused") return { next: { ...details, is_paused: event.kind === "paused" }, stale: true };
  return { next: details, stale: event.kind === "version" || event.kind === "run" };
});

export interface Coming {
  now: number;
  paused: boolean;
  dates: [due: number, date: number | null][];
}

export const comingQuery = (dagId: string, many = 5) =>
  queryOptions({
    queryKey: ["coming", dagId, many],
    queryFn: ({ signal }) => packed<Coming>(api.GET("/api/venturi/v1/dags/{dag_id}/coming", { params: { path: { dag_id: dagId }, query: { many } }, signal })),
  });
onEvents<Coming>("coming", (coming, event, key) => ({
  next: coming,
  stale: event.dag_id === key[1] && ["run", "paused", "unpaused", "version"].includes(event.kind),
}));

export const versionsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["versions", dagId],
    queryFn: ({ signal }) =>
      told<Schemas["DagVersions"]>(api.GET("/api/v2/dags/{dag_id}/dagVersions", { params: { path: { dag_id: dagId }, query: { limit: 100, order_by: ["-version_number"] } }, signal })),
  });
onEvents("versions", (versions: object, event, key) => ofDag(versions, "version", key[1], event));

export const sourceQuery = (dagId: string, version: number) =>
  queryOptions({
    queryKey: ["source", dagId, version],
    queryFn: ({ signal }) => {
      const params = { path: { dag_id: dagId }, query: { version_number: version }, header: { accept: "application/json" } };
      return told<Schemas["DagSource"]>(api.GET("/api/v2/dagSources/{dag_id}", { params, headers: { accept: "application/json" }, signal }) as Asked as never);
    },
  });

// ── what was ──

export const calendarQuery = (dagId: string, since: number) =>
  queryOptions({
    queryKey: ["calendar", dagId, since],
    queryFn: async ({ signal }) =>
      calendarOf(await packed<PackedCalendar>(api.GET("/api/venturi/v1/dags/{dag_id}/calendar", { params: { path: { dag_id: dagId }, query: { since } }, signal }))),
  });
onEvents<CalendarCounts>("calendar", (counts, event, key) => (event.dag_id === key[1] ? calendarAfter(counts, event) : { next: counts }));

export const durationsQuery = (dagId: string, runs = 50) =>
  queryOptions({
    queryKey: ["durations", dagId, runs],
    queryFn: ({ signal }) => packed<Durations>(api.GET("/api/venturi/v1/dags/{dag_id}/durations", { params: { path: { dag_id: dagId }, query: { runs } }, signal })),
  });
onEvents<Durations>("durations", (known, event, key) => (event.dag_id === key[1] ? durationsAfter(known, event) : { next: known }));

export const timelineQuery = (dagId: string, runId: string) =>
  queryOptions({
    queryKey: ["timeline", dagId, runId],
    queryFn: ({ signal }) => packed<Timeline>(api.GET("/api/venturi/v1/dags/{dag_id}/timeline", { params: { path: { dag_id: dagId }, query: { run_id: runId } }, signal })),
  });
onEvents<Timeline>("timeline", (known, event, key) => (event.dag_id === key[1] && event.dag_run_id === key[2] ? timelineAfter(known, event) : { next: known }));

export const backfillsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["backfills", dagId],
    queryFn: ({ signal }) => told<Schemas["Backfills"]>(api.GET("/api/v2/backfills", { params: { query: { dag_id: dagId, limit: 100 } }, signal })),
  });
onEvents<object>("backfills", (known, event, key) => ({ next: known, stale: event.kind.startsWith("backfill") || (event.kind === "run" && event.dag_id === key[1] && (event.dag_run_id ?? "").startsWith("backfill")) }));

export const whyQuery = (dagId: string, runId?: string, task?: string) =>
  queryOptions({
    queryKey: ["dag-why", dagId, runId ?? null, task ?? null],
    queryFn: ({ signal }) => {
      const query = { ...(runId === undefined ? {} : { run_id: runId }), ...(task === undefined ? {} : { task }) };
      return told<Schemas["Why"]>(api.GET("/api/venturi/v1/dags/{dag_id}/why", { params: { path: { dag_id: dagId }, query }, signal }));
    },
  });
onEvents<object>("dag-why", (known, event, key) => ({
  next: known,
  stale: event.dag_id === key[1] && (key[2] === null || event.dag_run_id === key[2]) && ["run", "moves", "paused", "unpaused"].includes(event.kind),
}));
