// Runs and tasks as their pages tell them, and what an event makes of each.
import type { Schemas } from "~/api/client";
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { isOpenRun, isOver } from "./states.model";

export type RunView = Schemas["RunView"];
export type TaskLine = Schemas["TaskLine"];
export type TaskView = Schemas["TaskView"];
export type MappedLines = Schemas["MappedLines"];
export type MappedLine = Schemas["MappedLine"];
export type Attempt = Schemas["Attempt"];

type Move = [task: string, map: number, before: string, after: string, token: number, reason?: string | null];

function isOf(event: Told, key: readonly unknown[]): boolean {
  return event.dag_id === key[1] && event.dag_run_id === key[2];
}

const OTHERS = ["note", "value", "answered", "removed"];

/** A task's own answer: its state moves at once, the rest is read anew. */
export function taskAfter(task: TaskView, event: Told, key: readonly unknown[]): Delta<TaskView> {
  if (!isOf(event, key)) return { next: task };
  if (OTHERS.includes(event.kind)) return { next: task, stale: true };
  if (event.kind !== "moves") return { next: task };
  const mine = (event.data as Move[]).filter((move) => move[0] === task.task_id);
  if (mine.length === 0) return { next: task };
  const own = mine.filter((move) => move[1] === task.map_index);
  const last = own[own.length - 1];
  if (last === undefined || task.n !== null) return { next: task, stale: task.map_index === -1 };
  const [, , , after, , reason] = last;
  const begins = after === "running" && task.state !== "running";
  return {
    next: {
      ...task,
      state: after,
      started: begins ? event.at : task.started,
      ended: isOver(after) ? event.at : null,
      reason: reason ?? null,
    },
    stale: true,
  };
}

export function mappedAfter(lines: MappedLines, event: Told, key: readonly unknown[]): Delta<MappedLines> {
  if (event.kind !== "moves" || !isOf(event, key)) return { next: lines };
  const moves = new Map<number, Move>();
  for (const move of event.data as Move[]) if (move[0] === key[3]) moves.set(move[1], move);
  if (moves.size === 0) return { next: lines };
  if (lines.n === 0) return { next: lines, stale: true };
  const instances = lines.instances.map((line) => {
    const move = moves.get(line.map_index);
    if (move === undefined) return line;
    const [, , , after, , reason] = move;
    return {
      ...line,
      state: after,
      started: after === "running" ? event.at : line.started,
      ended: isOver(after) ? event.at : null,
      reason: reason ?? null,
    };
  });
  // What its author's template says of it is known when it is over.
  return { next: { ...lines, instances }, stale: [...moves.values()].some((move) => isOver(move[3])) };
}

export function runViewAfter(run: RunView, event: Told, key: readonly unknown[]): Delta<RunView> {
  if ((event.kind === "paused" || event.kind === "unpaused") && event.dag_id === run.dag_id) {
    return { next: { ...run, paused: event.kind === "paused" } };
  }
  if (!isOf(event, key)) return { next: run };
  if (OTHERS.includes(event.kind)) return { next: run, stale: true };
  if (event.kind === "run") {
    const [, after, reason] = event.data as [string, string, string | null];
    const started = after === "running" ? (run.started ?? event.at) : run.started;
    return { next: { ...run, state: after, started, ended: isOpenRun(after) ? null : event.at, reason: reason ?? null }, stale: true };
  }
  if (event.kind !== "moves") return { next: run };
  const by = new Map<string, Move[]>();
  for (const move of event.data as Move[]) by.set(move[0], [...(by.get(move[0]) ?? []), move]);
  let stale = false;
  const tasks = run.tasks.map((line) => {
    const moves = by.get(line.task_id);
    if (moves === undefined) return line;
    const last = moves[moves.length - 1]!;
    if (last[1] >= 0) {
      stale ||= !line.mapped || line.n === null;
      return { ...line, ...countedAfter(line, moves), started: line.started ?? (last[3] === "running" ? event.at : null) };
    }
    const [, , before, after, , reason] = last;
    stale ||= after === "up_for_retry" || before === "up_for_retry" || line.mapped;
    return {
      ...line,
      state: after,
      started: after === "running" && before !== "running" ? event.at : line.started,
      ended: isOver(after) ? event.at : null,
      try_number: after === "starting" ? line.try_number + 1 : line.try_number,
      reason: reason ?? null,
      wake: null,
    };
  });
  return { next: { ...run, tasks }, stale };
}

const WEIGHT = ["running", "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "deferred", "starting", "queued", "scheduled", "none", "success", "skipped", "removed"];

function countedAfter(line: TaskLine, moves: Move[]): Pick<TaskLine, "counts" | "state"> {
  const counts = { ...line.counts };
  for (const [, map, before, after] of moves) {
    if (map < 0) continue;
    counts[before] = Math.max(0, (counts[before] ?? 0) - 1);
    counts[after] = (counts[after] ?? 0) + 1;
  }
  return { counts, state: WEIGHT.find((state) => (counts[state] ?? 0) > 0) ?? line.state };
}

export function whyAfter(why: unknown, event: Told, key: readonly unknown[]): Delta<unknown> {
  const concerns = isOf(event, key) && (event.kind === "moves" || event.kind === "run" || OTHERS.includes(event.kind));
  return { next: why, stale: concerns || ((event.kind === "paused" || event.kind === "unpaused") && event.dag_id === key[1]) };
}

// ── tries ──

export interface Try {
  number: number;
  attempts: Attempt[];
  outcome: string;
  started: number | null;
  ended: number | null;
  peak: number | null;
  cpu: number | null;
}

const OUTCOMES: Record<string, string> = {
  success: "success",
  skipped: "skipped",
  reschedule: "up_for_reschedule",
  deferred: "deferred",
};

/** Of the attempts, and of what is under way; the newest last. */
export function triesOf(task: TaskView): Try[] {
  const by = new Map<number, Attempt[]>();
  for (const one of task.attempts) by.set(one.try_number, [...(by.get(one.try_number) ?? []), one]);
  if (task.try_number > 0 && !by.has(task.try_number)) by.set(task.try_number, []);
  return [...by.entries()]
    .sort(([a], [b]) => a - b)
    .map(([number, attempts]) => {
      const last = attempts[attempts.length - 1];
      const isNow = number === task.try_number && !isOver(task.state) && task.state !== "up_for_retry";
      const most = (all: (number | null)[]) => all.reduce((a, b) => (b === null ? a : Math.max(a ?? 0, b)), null);
      return {
        number,
        attempts,
        outcome: isNow || last === undefined ? task.state : (OUTCOMES[last.outcome] ?? "failed"),
        started: attempts.find((one) => one.started !== null)?.started ?? (isNow || last === undefined ? task.started : null),
        ended: isNow ? null : (last?.ended ?? task.ended),
        peak: most(attempts.map((one) => one.peak_mb)),
        cpu: most(attempts.map((one) => one.cpu_s)),
      };
    });
}

/** What an author would look for first: the kind of error, its words, its place. */
export function errorOf(attempt: Attempt | undefined): { type: string; message: string; place: string | null; trace: string | null } | null {
  const error = attempt?.error;
  if (error === null || error === undefined) return null;
  const text = (name: string) => (typeof error[name] === "string" ? (error[name] as string) : null);
  const line = typeof error.line === "number" ? `:${error.line}` : "";
  const file = text("file");
  return {
    type: text("type") ?? "Error",
    message: text("message") ?? "",
    place: file === null ? null : `${file.split("/").pop()}${line}`,
    trace: text("traceback"),
  };
}

export function memory(mb: number): string {
  return mb < 1000 ? `${mb < 9.95 ? mb.toFixed(1) : Math.round(mb)} MB` : `${(mb / 1000).toFixed(1)} GB`;
}

/** `clean [3] north`: how an instance is called beside its task. */
export function nameOf(taskId: string, mapIndex: number, label: string | null | undefined): string {
  if (mapIndex < 0) return taskId;
  return label ? `${taskId} · ${label}` : `${taskId} [${mapIndex}]`;
}
