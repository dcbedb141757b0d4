import { describe, expect, it } from "vitest";
import type { Told } from "~/api/events";
import { mappedAfter, type RunView, runViewAfter, taskAfter, type TaskLine, type TaskView, triesOf } from "./attempt.model";

const event = (kind: string, data: unknown, at = 20): Told => ({ id: 9, at, kind, dag_id: "d", dag_run_id: "r", data });
const KEY = ["task", "d", "r", "fit", -1];

const task = (more: Partial<TaskView> = {}) =>
  ({ task_id: "fit", map_index: -1, n: null, state: "starting", try_number: 1, started: null, ended: null, attempts: [], ...more }) as unknown as TaskView;

describe("a task under an open page", () => {
  it("shows at once that it runs and how it ended, and reads the rest anew", () => {
    const runs = taskAfter(task(), event("moves", [["fit", -1, "starting", "running", 5]]), KEY);
    expect([runs.next.state, runs.next.started, runs.stale]).toEqual(["running", 20, true]);
    const over = taskAfter(runs.next, event("moves", [["fit", -1, "running", "failed", 5, "ValueError: no"]], 30), KEY);
    expect([over.next.state, over.next.ended, over.next.reason]).toEqual(["failed", 30, "ValueError: no"]);
  });

  it("is left alone by what others do", () => {
    const before = task();
    expect(taskAfter(before, event("moves", [["load", -1, "starting", "running", 5]]), KEY).next).toBe(before);
    expect(taskAfter(before, { ...event("moves", [["fit", -1, "starting", "running", 5]]), dag_run_id: "other" }, KEY).next).toBe(before);
  });

  it("has its tries in order, with that which is under way", () => {
    const attempt = { try_number: 1, outcome: "failed", started: 1, ended: 4, peak_mb: 80, cpu_s: null };
    const found = triesOf(task({ state: "running", try_number: 2, started: 10, attempts: [attempt as never] }));
    expect(found.map((one) => [one.number, one.outcome, one.started, one.ended])).toEqual([
      [1, "failed", 1, 4],
      [2, "running", 10, null],
    ]);
  });
});

describe("a run under an open page", () => {
  const line = (task_id: string, more: Partial<TaskLine> = {}) =>
    ({ task_id, mapped: false, n: null, counts: {}, state: "none", try_number: 0, started: null, ended: null, ...more }) as unknown as TaskLine;
  const run = { dag_id: "d", run_id: "r", state: "running", started: 1, ended: null, tasks: [line("load"), line("fit", { mapped: true, n: 3, counts: { none: 3 } })] } as unknown as RunView;

  it("moves its tasks, and counts those of a mapped one", () => {
    const { next } = runViewAfter(run, event("moves", [["load", -1, "starting", "running", 5], ["fit", 0, "none", "running", 6], ["fit", 1, "none", "success", 7]]), ["run", "d", "r"]);
    expect(next.tasks[0]!.state).toBe("running");
    expect([next.tasks[1]!.state, next.tasks[1]!.counts]).toEqual(["running", { none: 1, running: 1, success: 1 }]);
  });

  it("ends, and begins again when it is cleared", () => {
    const over = runViewAfter(run, event("run", ["running", "failed", "one failed"]), ["run", "d", "r"]).next;
    expect([over.state, over.ended, over.reason]).toEqual(["failed", 20, "one failed"]);
    expect(runViewAfter(over, event("run", ["failed", "queued", null]), ["run", "d", "r"]).next.ended).toBeNull();
  });

  it("moves the instances that are listed", () => {
    const lines = { n: 1, instances: [{ map_index: 0, state: "none", started: null, ended: null, label: "north" }] } as never;
    const { next } = mappedAfter(lines, event("moves", [["fit", 0, "starting", "running", 5]]), ["mapped", "d", "r", "fit"]);
    expect([next.instances[0]!.state, next.instances[0]!.label]).toEqual(["running", "north"]);
  });
});
