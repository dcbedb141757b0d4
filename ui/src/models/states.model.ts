// The states of tasks and runs: their words, their order, and the letters by which packed answers name them.

export const TASK_STATES = [
  "running",
  "failed",
  "upstream_failed",
  "up_for_retry",
  "up_for_reschedule",
  "deferred",
  "starting",
  "queued",
  "scheduled",
  "success",
  "skipped",
  "removed",
  "none",
] as const;
export type TaskState = (typeof TASK_STATES)[number];
export type RunState = "queued" | "running" | "success" | "failed";
/** Which of several states a folded row or a small bar shows: the first of these that is there. */
export const BY_WEIGHT: readonly TaskState[] = TASK_STATES;

const WORDS: Record<TaskState, string> = {
  running: "running",
  failed: "failed",
  upstream_failed: "upstream failed",
  up_for_retry: "waits for a retry",
  up_for_reschedule: "waits to look again",
  deferred: "deferred",
  starting: "starting",
  queued: "queued",
  scheduled: "scheduled",
  success: "succeeded",
  skipped: "skipped",
  removed: "removed",
  none: "not yet",
};

export function stateOf(text: string | null | undefined): TaskState {
  return text !== null && text !== undefined && text in WORDS ? (text as TaskState) : "none";
}

export function wordOf(state: string | null | undefined): string {
  return WORDS[stateOf(state)];
}

export function isOver(state: string | null | undefined): boolean {
  return ["success", "failed", "skipped", "upstream_failed", "removed"].includes(state ?? "");
}

export function isOpenRun(state: string): boolean {
  return state === "queued" || state === "running";
}

export function isMoving(state: string | null | undefined): boolean {
  return state === "running" || state === "starting";
}

/** `4s1f` is ssssf. */
export function unpacked(text: string): string {
  return text.replace(/(\d+)(\D)/g, (_, n: string, letter: string) => letter.repeat(Number(n)));
}
