// Everything at a glance, and what an event makes of it.
import type { Schemas } from "~/api/client";
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { runAfter } from "./runs.model";
import { isOpenRun, isOver } from "./states.model";

export type Glance = Schemas["Glance"];
export type OpenRun = Schemas["OpenRun"];

const AT_WORK_MAX = 8;
const AT_WORK = ["starting", "running", "deferred", "up_for_retry", "up_for_reschedule"];
const STALE = ["version", "file", "paused", "unpaused", "asked", "answered", "removed_run"];

export function homeAfter(glance: Glance, event: Told): Delta<Glance> {
  if (STALE.includes(event.kind)) return { next: glance, stale: true };
  const at = glance.running.findIndex((one) => one.dag_id === event.dag_id && one.run[1] === event.dag_run_id);
  const open = glance.running[at];
  if (event.kind === "moves") {
    return open === undefined ? { next: glance } : { next: withRun(glance, at, movesOf(open, event)) };
  }
  if (event.kind !== "run") return { next: glance };
  if (open === undefined) return { next: glance, stale: true };
  const [, after] = event.data as [string, string];
  if (isOpenRun(after)) return { next: withRun(glance, at, { ...open, run: runAfter(open.run, event) }) };
  // What it came to, and why, is told by the server; that it is over is shown at once.
  const running = glance.running.filter((_, place) => place !== at);
  return {
    next: { ...glance, running, unfinished: Math.max(0, glance.unfinished - 1), activity: counted(glance, event, after) },
    stale: true,
  };
}

function withRun(glance: Glance, at: number, run: OpenRun): Glance {
  const running = [...glance.running];
  running[at] = run;
  return { ...glance, running };
}

type Move = [task: string, map: number, before: string, after: string, token: number];

function movesOf(open: OpenRun, event: Told): OpenRun {
  const counts = { ...open.counts };
  let atWork = open.at_work;
  for (const [task, map, before, after] of event.data as Move[]) {
    if (before !== "none") counts[before] = Math.max(0, (counts[before] ?? 0) - 1);
    counts[after] = (counts[after] ?? 0) + 1;
    const known = atWork.find((one) => one.task_id === task && one.map_index === map);
    if (isOver(after) || !AT_WORK.includes(after)) atWork = atWork.filter((one) => one !== known);
    else if (known !== undefined) {
      const started = after === "running" ? event.at : known.started;
      atWork = atWork.map((one) => (one === known ? { ...one, state: after, started } : one));
    } else if (atWork.length < AT_WORK_MAX) {
      atWork = [...atWork, { task_id: task, map_index: map, state: after, started: after === "running" ? event.at : null }];
    }
  }
  return { ...open, counts, at_work: atWork };
}

function counted(glance: Glance, event: Told, after: string): Glance["activity"] {
  const { activity } = glance;
  if (after !== "success" && after !== "failed") return activity;
  const at = Math.min(activity[after].length - 1, Math.floor((event.at - activity.since) / activity.bucket_s));
  return { ...activity, [after]: activity[after].map((n, place) => (place === at ? n + 1 : n)) };
}

/** How much of a run's tasks is over, of those that are known of. */
export function share(run: OpenRun): { over: number; all: number } {
  let over = 0;
  let touched = 0;
  for (const [state, n] of Object.entries(run.counts)) {
    touched += n;
    if (isOver(state)) over += n;
  }
  return { over, all: Math.max(run.tasks, touched) };
}

/** Without the moment, which stands beside it. */
export function shortly(why: string): string {
  return why.replace(/^It has failed(?: at [\d-]+ [\d:]+ UTC)?: /, "");
}

/** Of 96 quarters of an hour. */
export function sums(activity: Glance["activity"]): { success: number; failed: number } {
  const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
  return { success: sum(activity.success), failed: sum(activity.failed) };
}
