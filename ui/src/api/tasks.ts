// What is asked of one run and one task: kept by events like every answer, and the log, which is read in pieces.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { heard } from "~/app/clock";
import { mappedAfter, runViewAfter, taskAfter, whyAfter } from "~/models/attempt.model";
import type { LogPiece } from "~/models/log.model";
import { api, type Schemas, told } from "./client";
import { onEvents } from "./live";

export interface TaskName {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: number;
}

async function timed<T extends { now: number }>(asked: Promise<{ data?: unknown; error?: unknown; response: Response }>): Promise<T> {
  const answer = (await told(asked)) as T;
  heard(answer.now);
  return answer;
}

const pathOf = (one: TaskName) => ({ dag_id: one.dagId, run_id: one.runId, task_id: one.taskId });

export const taskQuery = (one: TaskName) =>
  queryOptions({
    queryKey: ["task", one.dagId, one.runId, one.taskId, one.mapIndex],
    queryFn: ({ signal }) =>
      timed<Schemas["TaskView"]>(
        api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/tasks/{task_id}", {
          params: { path: pathOf(one), query: { map_index: one.mapIndex } },
          signal,
        }),
      ),
  });
onEvents("task", taskAfter);

export const mappedQuery = (one: TaskName) =>
  queryOptions({
    queryKey: ["mapped", one.dagId, one.runId, one.taskId],
    queryFn: ({ signal }) =>
      timed<Schemas["MappedLines"]>(
        api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/instances", {
          params: { path: pathOf(one) },
          signal,
        }),
      ),
  });
onEvents("mapped", mappedAfter);

export const runViewQuery = (dagId: string, runId: string) =>
  queryOptions({
    queryKey: ["run", dagId, runId],
    queryFn: ({ signal }) =>
      timed<Schemas["RunView"]>(
        api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}", { params: { path: { dag_id: dagId, run_id: runId } }, signal }),
      ),
  });
onEvents("run", runViewAfter);

/** Why it is as it is. Of a run where no task is named. */
export const whyQuery = (dagId: string, runId: string, taskId = "", mapIndex = -1) =>
  queryOptions({
    queryKey: ["why", dagId, runId, taskId, mapIndex],
    queryFn: async ({ signal }) => {
      const task = taskId === "" ? undefined : mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
      const query = { run_id: runId, ...(task === undefined ? {} : { task }) };
      return await told(api.GET("/api/venturi/v1/dags/{dag_id}/why", { params: { path: { dag_id: dagId }, query }, signal }));
    },
    retry: false,
  });
onEvents("why", whyAfter);

export const valueQuery = (one: TaskName, key: string, token: number) =>
  queryOptions({
    queryKey: ["value", one.dagId, one.runId, one.taskId, one.mapIndex, key, token],
    queryFn: async ({ signal }): Promise<unknown> => {
      const answer = await told(
        api.GET("/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}", {
          params: {
            path: { dag_id: one.dagId, dag_run_id: one.runId, task_id: one.taskId, xcom_key: key },
            query: { map_index: one.mapIndex },
          },
          signal,
        }),
      );
      return (answer as { value: unknown }).value;
    },
  });

type EventPages = { pages: Schemas["RunEvents"][]; pageParams: unknown[] };

/** The newest first; older ones page by page. */
export const runEventsQuery = (dagId: string, runId: string) =>
  infiniteQueryOptions({
    queryKey: ["run-events", dagId, runId],
    initialPageParam: null as number | null,
    queryFn: async ({ pageParam, signal }) => {
      const path = { dag_id: dagId, run_id: runId };
      const query = { limit: 100, ...(pageParam === null ? {} : { before: pageParam }) };
      return (await told(api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/events", { params: { path, query }, signal }))) as Schemas["RunEvents"];
    },
    getNextPageParam: (last) => (last.more ? last.events[last.events.length - 1]?.id : undefined),
  });
onEvents<EventPages>("run-events", (answer, event, key) => {
  const first = answer.pages[0];
  if (event.dag_id !== key[1] || event.dag_run_id !== key[2] || first === undefined || event.id <= first.event) return { next: answer };
  const told = { id: event.id, at: event.at, kind: event.kind, data: event.data };
  return { next: { ...answer, pages: [{ ...first, event: event.id, events: [told, ...first.events] }, ...answer.pages.slice(1)] } };
});

// ── the log ──

export interface LogAsked {
  begin?: number;
  end?: number;
  bytes?: number;
}

function ofTry(one: TaskName, tryNumber: number) {
  return { map_index: one.mapIndex, ...(tryNumber > 0 ? { try_number: tryNumber } : {}) };
}

export async function logPiece(one: TaskName, tryNumber: number, asked: LogAsked, signal?: AbortSignal): Promise<LogPiece> {
  return await told(
    api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/log", {
      params: { path: pathOf(one), query: { ...ofTry(one, tryNumber), ...asked } },
      signal: signal ?? null,
    }),
  );
}

export async function findInLog(one: TaskName, tryNumber: number, wanted: { text: string } | "errors", signal?: AbortSignal) {
  const query = { ...ofTry(one, tryNumber), ...(wanted === "errors" ? { errors: true } : { text: wanted.text }) };
  return await told(
    api.GET("/api/venturi/v1/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/log/find", {
      params: { path: pathOf(one), query },
      signal: signal ?? null,
    }),
  );
}

function addressOf(one: TaskName, tryNumber: number, what: string, more: Record<string, string> = {}): string {
  const [dag, run, task] = [one.dagId, one.runId, one.taskId].map(encodeURIComponent);
  const query = new URLSearchParams(more);
  for (const [name, value] of Object.entries(ofTry(one, tryNumber))) query.set(name, String(value));
  return `/api/venturi/v1/dags/${dag}/runs/${run}/tasks/${task}/log/${what}?${query}`;
}

export function logFile(one: TaskName, tryNumber: number): string {
  return addressOf(one, tryNumber, "file");
}

/** Told of each piece from a byte on as it is written, until it is over; not while nobody sees the page. Gives what
 * ends the telling. */
export function followLog(one: TaskName, tryNumber: number, begin: number, heardOf: (piece: LogPiece) => void): () => void {
  let at = begin;
  let source: EventSource | null = null;
  let done = false;
  const close = () => {
    source?.close();
    source = null;
  };
  const open = () => {
    if (done || source !== null || document.hidden) return;
    const opened = new EventSource(addressOf(one, tryNumber, "follow", { begin: String(at) }));
    source = opened;
    opened.onmessage = (event: MessageEvent<string>) => {
      const told = JSON.parse(event.data) as { begin: number; end: number; text: string };
      if (told.begin !== at) {
        // After a break the stream begins anew where it first did.
        close();
        open();
        return;
      }
      at = told.end;
      heardOf({ ...told, size: told.end, over: false });
    };
    opened.addEventListener("over", () => {
      done = true;
      close();
      heardOf({ begin: at, end: at, size: at, text: "", over: true });
    });
  };
  const seen = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", seen);
  open();
  return () => {
    done = true;
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}
