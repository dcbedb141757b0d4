// One run as bars over time: every try of every instance, in rows of tasks.
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { isOpenRun, isOver } from "./states.model";

export type PackedBar = [place: number, map: number, tryNumber: number, state: string, begun: number | null, ended: number | null];

export interface Timeline {
  dag_id: string;
  dag_run_id: string;
  number: number;
  now: number;
  event: number;
  state: string;
  times: [queued: number, started: number | null, ended: number | null, date: number | null];
  tasks: string[];
  bars: PackedBar[];
  cut: boolean;
}

type Move = [task: string, map: number, before: string, after: string, token: number];

export function timelineAfter(known: Timeline, event: Told): Delta<Timeline> {
  if (event.kind === "run") {
    const [, state] = event.data as [string, string];
    const [queued, started, , date] = known.times;
    const times: Timeline["times"] = [queued, state === "running" ? (started ?? event.at) : started, isOpenRun(state) ? null : event.at, date];
    return { next: { ...known, state, times }, stale: true };
  }
  if (event.kind !== "moves") return { next: known };
  const place = new Map(known.tasks.map((task, at) => [task, at]));
  const bars = [...known.bars];
  for (const [task, index, , after] of event.data as Move[]) {
    const at = place.get(task);
    if (at === undefined) continue;
    let last = -1;
    for (let n = bars.length - 1; n >= 0; n--) if (bars[n]![0] === at && bars[n]![1] === index && (last < 0 || bars[n]![2] > bars[last]![2])) last = n;
    const bar = bars[last];
    if (after === "running") {
      const isNew = bar === undefined || bar[5] !== null;
      if (isNew) bars.push([at, index, (bar?.[2] ?? 0) + 1, after, event.at, null]);
      else bars[last] = [at, index, bar[2], after, bar[4] ?? event.at, null];
    } else if (bar !== undefined && bar[4] !== null && bar[5] === null && (isOver(after) || after === "up_for_retry" || after === "up_for_reschedule" || after === "deferred")) {
      bars[last] = [at, index, bar[2], after === "up_for_retry" ? "failed" : after, bar[4], event.at];
    } else if (bar !== undefined && bar[4] === null) bars[last] = [at, index, bar[2], after, null, null];
  }
  return { next: { ...known, bars }, stale: false };
}

export interface Line {
  key: string;
  place: number;
  mapIndex: number;
  label: string;
  bars: PackedBar[];
}

/** A line for each task that has begun, in the order in which they began; the instances of a mapped task share one
 * unless it is unfolded. */
export function linesOf(known: Timeline, unfolded: ReadonlySet<string>): Line[] {
  const lines = new Map<string, Line>();
  const begun = known.bars.filter((bar) => bar[4] !== null).sort((a, b) => a[4]! - b[4]!);
  for (const bar of begun) {
    const task = known.tasks[bar[0]]!;
    const single = bar[1] < 0 || !unfolded.has(task);
    const key = single ? task : `${task}[${bar[1]}]`;
    let line = lines.get(key);
    if (line === undefined) lines.set(key, (line = { key, place: bar[0], mapIndex: single ? -1 : bar[1], label: key, bars: [] }));
    line.bars.push(bar);
  }
  const waiting = new Set(known.bars.filter((bar) => bar[4] === null).map((bar) => known.tasks[bar[0]]!));
  for (const task of waiting) if (!lines.has(task)) lines.set(task, { key: task, place: known.tasks.indexOf(task), mapIndex: -1, label: task, bars: [] });
  return [...lines.values()];
}

export function spanOf(known: Timeline, now: number): [number, number] {
  const [queued, started, ended] = known.times;
  let first = started ?? queued;
  let last = ended ?? now;
  for (const [, , , , begun, over] of known.bars) {
    if (begun !== null) first = Math.min(first, begun);
    if (over !== null) last = Math.max(last, over);
  }
  return [first, Math.max(last, first + 0.001)];
}

/** Bars that stand in one line and overlap are drawn one below the other: in which of how many lanes each is. */
export function lanesOf(bars: PackedBar[], now: number, most = 6): { lane: number[]; many: number } {
  const ends: number[] = [];
  const lane = bars.map((bar) => {
    const begun = bar[4] ?? now;
    let at = ends.findIndex((end) => end <= begun);
    if (at < 0) at = ends.length < most ? ends.length : ends.indexOf(Math.min(...ends));
    ends[at] = Math.max(ends[at] ?? 0, bar[5] ?? now);
    return at;
  });
  return { lane, many: Math.max(1, ends.length) };
}
