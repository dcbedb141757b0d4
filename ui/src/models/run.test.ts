import { describe, expect, it } from "vitest";
import type { RunView, TaskLine } from "./attempt.model";
import { axisOf, beganBy, happenings, spanOf, standing } from "./run.model";

const line = (more: Partial<TaskLine>) => ({ task_id: "a", state: "success", started: null, ended: null, ...more }) as unknown as TaskLine;
const run = (more: Partial<RunView>) =>
  ({ queued: 90, started: 100, ended: null, run_type: "manual", by: null, backfill: null, tasks: [], ...more }) as unknown as RunView;

describe("a run's page", () => {
  it("says who or what began it", () => {
    expect(beganBy(run({ by: "ann" }))).toBe("by ann");
    expect(beganBy(run({ run_type: "scheduled" }))).toBe("by its schedule");
    expect(beganBy(run({ run_type: "backfill", backfill: 4, by: "ann" }))).toBe("by backfill 4 of ann");
  });

  it("lays its tasks along its time, those at work up to now", () => {
    const one = run({ tasks: [line({ started: 100, ended: 110 }), line({ state: "running", started: 110 })] });
    const axis = axisOf(one, 120);
    expect(axis).toEqual({ from: 100, to: 120 });
    expect(one.tasks.map((task) => spanOf(task, axis, 120))).toEqual([
      { left: 0, width: 50 },
      { left: 50, width: 50 },
    ]);
    expect(spanOf(line({}), axis, 120)).toBeNull();
  });

  it("counts how its tasks stand, the worst first", () => {
    expect(standing(run({ tasks: [line({}), line({ state: "failed" }), line({})] }))).toBe("1 failed, 2 succeeded");
  });

  it("tells its events in words", () => {
    const moves = { id: 7, at: 1, kind: "moves", data: [["a", -1, "running", "failed", 3, "ValueError: no"], ["b", 2, "none", "skipped", 0]] };
    expect(happenings(moves as never).map((one) => [one.text, one.more])).toEqual([
      ["b[2]: skipped", null],
      ["a: failed", "ValueError: no"],
    ]);
    expect(happenings({ id: 8, at: 1, kind: "note", data: { by: "ann", task: "" } })[0]!.more).toBe("by ann");
  });
});
