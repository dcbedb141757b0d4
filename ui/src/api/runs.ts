// Runs of all DAGs: pages of them, and what is done to many at once.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { toast, toastError } from "~/app/toasts";
import { type RunFilter, runsAfter, type RunPages, asked } from "~/models/run-list.model";
import { api, type Schemas, told } from "./client";
import { cache, onEvents } from "./live";

const PAGE = 100;

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter],
    initialPageParam: 0,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...asked(filter), limit: PAGE, offset: pageParam, order_by: [filter.sort || "-id"] };
      const path = { dag_id: "~" };
      return told<Schemas["DagRuns"]>(api.GET("/api/v2/dags/{dag_id}/dagRuns", { params: { path, query }, signal }));
    },
    getNextPageParam: (last, pages) => {
      const had = pages.reduce((n, page) => n + page.dag_runs.length, 0);
      return last.dag_runs.length > 0 && had < (last.total_entries ?? 0) ? had : undefined;
    },
  });

onEvents<RunPages>("runs", runsAfter);

const CALLED = 8;

/** The newest of those whose id holds a text. */
export const runsCalledQuery = (text: string) =>
  queryOptions({
    queryKey: ["runs-called", text],
    queryFn: async ({ signal }) => {
      const query = { run_id_pattern: text, limit: CALLED, order_by: ["-id"] };
      return (await told<Schemas["DagRuns"]>(api.GET("/api/v2/dags/{dag_id}/dagRuns", { params: { path: { dag_id: "~" }, query }, signal }))).dag_runs;
    },
    gcTime: 0, // events do not reach it
  });

export interface Named {
  dag_id: string;
  dag_run_id: string;
}

function readAnew(): void {
  void cache.invalidateQueries({ queryKey: ["runs"] });
}

/** Which tasks would be run again. */
export async function wouldClear(runs: Named[], onlyFailed: boolean): Promise<Schemas["ClearedInstances"]> {
  const body = { dry_run: true, only_failed: onlyFailed, only_new: false, dag_runs: runs };
  return (await told(
    api.POST("/api/v2/dags/{dag_id}/clearDagRuns", { params: { path: { dag_id: "~" } }, body }),
  )) as Schemas["ClearedInstances"];
}

export async function clearRuns(runs: Named[], onlyFailed: boolean): Promise<void> {
  const body = { dry_run: false, only_failed: onlyFailed, only_new: false, dag_runs: runs };
  try {
    await told(api.POST("/api/v2/dags/{dag_id}/clearDagRuns", { params: { path: { dag_id: "~" } }, body }));
    toast({ text: `${counted(runs.length)} cleared.` });
  } catch (error) {
    toastError(error);
  }
  readAnew();
}

/** Each by itself; what could not be done is said. */
export async function markRuns(runs: Named[], state: "failed" | "success"): Promise<void> {
  const entities = runs.map((run) => ({ ...run, state }));
  try {
    const done = await told<Schemas["BulkResults"]>(
      api.PATCH("/api/v2/dags/{dag_id}/dagRuns", {
        params: { path: { dag_id: "~" } },
        body: { actions: [{ action: "update", entities, action_on_non_existence: "fail" }] },
      }),
    );
    const { success, errors } = done.update ?? { success: [], errors: [] };
    const what = state === "failed" ? "cancelled" : "marked as succeeded";
    if (success.length > 0) toast({ text: `${counted(success.length)} ${what}.` });
    const first = errors[0] as { error?: string } | undefined;
    if (first !== undefined) toast({ tone: "danger", text: `${counted(errors.length)} not ${what}: ${first.error}` });
  } catch (error) {
    toastError(error);
  }
  readAnew();
}

function counted(n: number): string {
  return n === 1 ? "1 run" : `${n} runs`;
}
