// A run as its page shows it: who began it, its tasks along time, and its events in words.
import type { RunView, TaskLine } from "./attempt.model";
import type { Schemas } from "~/api/client";
import { type Cell, codeOf } from "./grid.model";
import { isOver, TASK_STATES, wordOf } from "./states.model";

export type RunEvent = Schemas["RunEvent"];

/** Who or what began it. */
export function beganBy(run: Pick<RunView, "run_type" | "by" | "backfill">): string {
  if (run.run_type === "scheduled") return "by its schedule";
  if (run.run_type === "backfill" || run.backfill !== null) return `by backfill ${run.backfill ?? ""}`.trim() + (run.by ? ` of ${run.by}` : "");
  if (run.run_type.startsWith("asset")) return "by an asset";
  if (run.run_type.startsWith("operator")) return "by another DAG";
  return run.by ? `by ${run.by}` : "by hand";
}

export interface Span {
  left: number; // in hundredths of the whole
  width: number;
}

export interface Axis {
  from: number;
  to: number;
}

/** From when to when the timeline goes. */
export function axisOf(run: RunView, now: number): Axis {
  const begun = run.tasks.map((task) => task.started).filter((at) => at !== null);
  const from = Math.min(run.started ?? run.queued, ...begun);
  const ended = run.tasks.map((task) => task.ended ?? 0);
  const to = run.ended === null ? Math.max(now, ...ended) : Math.max(run.ended, ...ended);
  return { from, to: Math.max(to, from + 0.001) };
}

export function spanOf(task: TaskLine, axis: Axis, now: number): Span | null {
  if (task.started === null) return null;
  const all = axis.to - axis.from;
  const end = task.ended ?? (isOver(task.state) ? task.started : now);
  const left = Math.min(100, Math.max(0, ((task.started - axis.from) / all) * 100));
  return { left, width: Math.max(0, Math.min(100 - left, ((Math.max(end, task.started) - task.started) / all) * 100)) };
}

/** How each task stands, as a graph shows it. Instances that nothing has touched yet are `none`. */
export function cellsOfRun(run: RunView): Map<string, Cell> {
  return new Map(
    run.tasks.map((task): [string, Cell] => {
      if (task.n === null) return [task.task_id, { code: codeOf(task.state), counts: null }];
      const of = new Uint32Array(TASK_STATES.length);
      let touched = 0;
      for (const [state, n] of Object.entries(task.counts)) {
        of[codeOf(state)]! += n;
        touched += n;
      }
      of[codeOf("none")]! += Math.max(0, task.n - touched);
      return [task.task_id, { code: codeOf(task.state), counts: { n: task.n, of } }];
    }),
  );
}

/** In words how a run's tasks stand: `2 failed, 3 succeeded, 1 not yet`. */
export function standing(run: RunView): string {
  const counts = new Map<string, number>();
  for (const task of run.tasks) counts.set(task.state, (counts.get(task.state) ?? 0) + 1);
  const order = ["failed", "upstream_failed", "running", "up_for_retry", "deferred", "queued", "scheduled", "success", "skipped", "none"];
  return [...counts.entries()]
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([state, n]) => `${n} ${wordOf(state)}`)
    .join(", ");
}

export interface Happening {
  id: string;
  at: number;
  state: string | null;
  text: string;
  more: string | null;
}

type Move = [task: string, map: number, before: string, after: string, token: number, reason?: string | null];

/** An event as lines for people, the newest first. */
export function happenings(event: RunEvent): Happening[] {
  const one = (text: string, state: string | null = null, more: string | null = null, n = 0): Happening => ({
    id: `${event.id}-${n}`,
    at: event.at,
    state,
    text,
    more,
  });
  if (event.kind === "moves") {
    return (event.data as Move[])
      .map(([task, map, , after, , reason], n) => one(`${map < 0 ? task : `${task}[${map}]`}: ${wordOf(after)}`, after, reason ?? null, n))
      .reverse();
  }
  const data = (typeof event.data === "object" && event.data !== null ? event.data : {}) as Record<string, unknown>;
  const by = typeof data.by === "string" ? `by ${data.by}` : null;
  if (event.kind === "run") {
    const [, after, reason] = event.data as [string, string, string | null];
    return [one(`The run: ${wordOf(after)}`, after, reason ?? null)];
  }
  if (event.kind === "note") return [one(`A note${typeof data.task === "string" && data.task !== "" ? ` on ${data.task}` : ""}`, null, by)];
  if (event.kind === "answered") return [one(`${String(data.task_id ?? data.task ?? "A question")} is answered`, null, by)];
  const words: Record<string, string> = { clear: "Cleared", mark: "Marked", value: "A value was written by hand", deadline_missed: "A deadline was missed" };
  return [one(words[event.kind] ?? event.kind.replace(/_/g, " "), null, by)];
}
