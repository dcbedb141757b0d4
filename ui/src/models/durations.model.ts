// How long runs and tasks took, run by run, and which of them stand out.
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { isOpenRun } from "./states.model";

export interface Durations {
  now: number;
  event: number;
  tasks: string[];
  runs: [number: number, runId: string, state: string, queued: number, started: number | null, ended: number | null, date: number | null][];
  seconds: (number | null)[][];
}

export function durationsAfter(known: Durations, event: Told): Delta<Durations> {
  return { next: known, stale: event.kind === "run" && !isOpenRun((event.data as [string, string])[1]) };
}

export interface TaskLengths {
  taskId: string;
  seconds: (number | null)[];
  last: number | null;
  median: number | null;
  most: number;
  /** How the last compares with the median: 1.5 is half as long again. */
  change: number | null;
}

export function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}

export function lengthsOf(known: Durations): TaskLengths[] {
  return known.tasks.map((taskId, at) => {
    const seconds = known.seconds[at] ?? [];
    const there = seconds.filter((one): one is number => one !== null);
    const last = there.length > 0 ? there[there.length - 1]! : null;
    const mid = median(there);
    const change = last !== null && mid !== null && mid > 0 && there.length >= 3 ? last / mid : null;
    return { taskId, seconds, last, median: mid, most: Math.max(0, ...there), change };
  });
}

export interface RunBar {
  runId: string;
  state: string;
  /** Waited before it began, and took. */
  wait: number;
  took: number | null;
  date: number;
}

export function runBars(runs: Durations["runs"], now: number): RunBar[] {
  return runs.map(([, runId, state, queued, started, ended, date]) => ({
    runId,
    state,
    wait: Math.max(0, (started ?? ended ?? now) - queued),
    took: started === null ? null : Math.max(0, (ended ?? now) - started),
    date: date ?? queued,
  }));
}

/** Round marks from 0 up to at least the most: at most five steps. */
export function marks(most: number): number[] {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
  const step = steps.find((one) => most / one <= 4) ?? 604800 * Math.ceil(most / 604800 / 4);
  const found = [0];
  while (found[found.length - 1]! < most) found.push(found.length * step);
  return found;
}
