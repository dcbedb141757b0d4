// What people change in runs and tasks: first what it would touch, then doing it, with a way back where there is one.
import { toast, toastError } from "~/app/toasts";
import { api, type Schemas, told } from "./client";
import { readAgain } from "./live";

export interface RunName {
  dagId: string;
  runId: string;
}

export interface OneTask extends RunName {
  taskId: string;
  /** −1: all instances of a mapped task. */
  mapIndex: number;
}

export interface Reach {
  upstream: boolean;
  downstream: boolean;
  past: boolean;
  future: boolean;
  onlyFailed: boolean;
  latestCode: boolean;
}

export type Mark = "success" | "failed" | "skipped";
export type Touched = Schemas["TaskInstance"] | Schemas["NewTask"];

const runPath = (one: RunName) => ({ dag_id: one.dagId, dag_run_id: one.runId });

// ── clear ──

export async function clearTask(one: OneTask, reach: Reach, dryRun: boolean): Promise<Touched[]> {
  const body = {
    dry_run: dryRun,
    dag_run_id: one.runId,
    task_ids: [one.mapIndex < 0 ? one.taskId : ([one.taskId, one.mapIndex] as [string, number])],
    include_upstream: reach.upstream,
    include_downstream: reach.downstream,
    include_past: reach.past,
    include_future: reach.future,
    only_failed: reach.onlyFailed,
    only_running: false,
    reset_dag_runs: true,
    prevent_running_task: false,
    run_on_latest_version: reach.latestCode,
  };
  const found = await told<Schemas["TaskInstances"]>(
    api.POST("/api/v2/dags/{dag_id}/clearTaskInstances", { params: { path: { dag_id: one.dagId } }, body }),
  );
  return found.task_instances;
}

export async function clearRun(one: RunName, reach: Reach, dryRun: boolean): Promise<Touched[]> {
  const body = { dry_run: dryRun, only_failed: reach.onlyFailed, only_new: false, run_on_latest_version: reach.latestCode };
  const found = await told(api.POST("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/clear", { params: { path: runPath(one) }, body }));
  return "task_instances" in (found as object) ? (found as Schemas["ClearedInstances"]).task_instances : [];
}

// ── mark ──

export async function markTask(one: OneTask, mark: Mark, reach: Reach, dryRun: boolean): Promise<Touched[]> {
  const body = {
    new_state: mark as NonNullable<Schemas["InstancePatch"]["new_state"]>,
    include_upstream: reach.upstream,
    include_downstream: reach.downstream,
    include_past: reach.past,
    include_future: reach.future,
  };
  const path = { ...runPath(one), task_id: one.taskId };
  const query = one.mapIndex < 0 ? {} : { map_index: one.mapIndex };
  const address = "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}" as const;
  const found = dryRun
    ? await told<Schemas["TaskInstances"]>(api.PATCH(`${address}/dry_run`, { params: { path, query }, body }))
    : await told<Schemas["TaskInstances"]>(api.PATCH(address, { params: { path, query }, body }));
  return found.task_instances;
}

export async function markRun(one: RunName, state: "success" | "failed"): Promise<void> {
  await told(api.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path: runPath(one) }, body: { state } }));
}

export async function cancelRun(one: RunName): Promise<void> {
  const path = { dag_id: one.dagId, run_id: one.runId };
  await told(api.POST("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/cancel", { params: { path } }));
}

// ── note ──

/** Of a run, or where one is named of a task. */
export async function setNote(one: RunName & { taskId?: string; mapIndex?: number }, note: string, before: string, quietly = false): Promise<void> {
  const write = async () => {
    if (one.taskId === undefined) {
      await told(api.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}", { params: { path: runPath(one) }, body: { note } }));
      readAgain(["run", one.dagId, one.runId]);
    } else {
      const path = { ...runPath(one), task_id: one.taskId };
      const query = (one.mapIndex ?? -1) < 0 ? {} : { map_index: one.mapIndex! };
      const body = { note, include_upstream: false, include_downstream: false, include_past: false, include_future: false };
      await told(api.PATCH("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}", { params: { path, query }, body }));
      readAgain(["task", one.dagId, one.runId, one.taskId, one.mapIndex ?? -1]);
    }
  };
  try {
    await write();
    if (!quietly) toast({ text: note === "" ? "The note is gone." : "The note is written.", undo: () => void setNote(one, before, note, true) });
  } catch (error) {
    toastError(error);
  }
}

/** A change that was looked at before; what went wrong is said, and whether it is done is told. */
export async function done(change: () => Promise<unknown>, words: string, undo?: () => Promise<unknown>): Promise<boolean> {
  try {
    await change();
  } catch (error) {
    toastError(error);
    return false;
  }
  toast({ text: words, ...(undo === undefined ? {} : { undo: () => void done(undo, "It is as it was.") }) });
  return true;
}
