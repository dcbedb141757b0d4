// Starting: what a DAG takes, a run of it, a backfill of it, and what one would do.
import { queryOptions } from "@tanstack/react-query";
import type { Params } from "~/models/form.model";
import { api, type Schemas, told } from "./client";

export interface Startable {
  dagId: string;
  name: string;
  paused: boolean;
  hasSchedule: boolean;
  params: Params;
}

export const startableQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["startable", dagId],
    queryFn: async ({ signal }): Promise<Startable> => {
      const dag = await told(api.GET("/api/v2/dags/{dag_id}/details", { params: { path: { dag_id: dagId } }, signal }));
      return {
        dagId,
        name: dag.dag_display_name,
        paused: dag.is_paused ?? false,
        hasSchedule: dag.timetable_summary !== null,
        params: (dag.params ?? {}) as unknown as Params,
      };
    },
    // Its file may have changed since the last look.
    staleTime: 0,
    gcTime: 0,
  });

/** With what a run was started. */
export async function givenTo(dagId: string, runId: string): Promise<Record<string, unknown>> {
  const path = { dag_id: dagId, dag_run_id: runId };
  return (await told(api.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path } }))).conf ?? {};
}

export interface Wanted {
  conf: Record<string, unknown>;
  runId?: string;
  date?: string;
  note?: string;
}

export async function startWith(dagId: string, wanted: Wanted, unpause: boolean): Promise<string> {
  const path = { dag_id: dagId };
  const body = {
    logical_date: wanted.date ?? null,
    conf: wanted.conf as never,
    ...(wanted.runId ? { dag_run_id: wanted.runId } : {}),
    ...(wanted.note ? { note: wanted.note } : {}),
  };
  const run = await told(api.POST("/api/v2/dags/{dag_id}/dagRuns", { params: { path }, body }));
  // After the run: where that is refused the DAG stays as it was.
  if (unpause) await told(api.PATCH("/api/v2/dags/{dag_id}", { params: { path }, body: { is_paused: false } }));
  return run.dag_run_id;
}

// ── backfills ──

export type NewBackfill = Schemas["NewBackfill"];

export async function datesOf(wanted: NewBackfill, signal?: AbortSignal): Promise<number[]> {
  const found = await told(api.POST("/api/v2/backfills/dry_run", { body: wanted, signal: signal ?? null }));
  return found.backfills.map((one) => Date.parse(one.logical_date ?? "") / 1000);
}

export async function startBackfill(wanted: NewBackfill): Promise<number> {
  return (await told(api.POST("/api/v2/backfills", { body: wanted }))).id;
}
