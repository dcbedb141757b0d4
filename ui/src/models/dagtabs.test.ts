import { describe, expect, it } from "vitest";
import type { Told } from "~/api/events";
import { dayWords, daysOf, monthsOf, toneOf } from "./calendar.model";
import { changes, differing } from "./diff.model";
import { type Durations, lengthsOf, marks, median } from "./durations.model";
import { lanesOf, linesOf, type Timeline, timelineAfter } from "./timeline.model";

describe("the calendar", () => {
  const counts = { now: 0, event: 1, since: Date.UTC(2026, 0, 1) / 1000 - 86_400, bucket_s: 900, counts: [[96, "success", 2], [96, "failed", 1], [95, "running", 1]] as [number, string, number][] };

  it("has every day of a year, weeks in columns that begin on a Monday", () => {
    const days = daysOf(2026, undefined, "UTC");
    expect(days).toHaveLength(365);
    expect([days[0]!.weekday, days[4]!.week, days[4]!.weekday]).toEqual([3, 1, 0]);
    expect(daysOf(2024, undefined, "UTC")).toHaveLength(366);
    expect(monthsOf(days)).toHaveLength(12);
  });

  it("counts a run on the day it has in the zone that was chosen", () => {
    expect(daysOf(2026, counts, "UTC")[0]).toMatchObject({ all: 3, success: 2, failed: 1 });
    expect(daysOf(2026, counts, "Asia/Tokyo")[0]).toMatchObject({ all: 4, open: 1 });
  });

  it("says in words and tones what a day was", () => {
    const [day] = daysOf(2026, counts, "UTC", [Date.UTC(2026, 0, 1) / 1000]);
    expect(dayWords(day!)).toBe("2026-01-01: 2 succeeded, 1 failed, 1 planned");
    expect(toneOf(day!, 3)).toEqual({ tone: "mixed", strength: 4 });
    expect(toneOf({ ...day!, all: 0 }, 3).tone).toBe("planned");
  });
});

describe("durations", () => {
  it("compares the last with the median", () => {
    const known: Durations = { now: 0, event: 0, tasks: ["a", "b"], runs: [], seconds: [[1, null, 1, 3], [null, null, null, null]] };
    expect(lengthsOf(known)[0]).toMatchObject({ last: 3, median: 1, most: 3, change: 3 });
    expect(lengthsOf(known)[1]).toMatchObject({ last: null, median: null, change: null });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("marks a scale with few round numbers that reach the top", () => {
    expect(marks(0.47)).toEqual([0, 0.2, 0.4, 0.6000000000000001]);
    expect(marks(100)).toEqual([0, 30, 60, 90, 120]);
    expect(marks(1e7).length).toBeLessThan(7);
  });
});

describe("the timeline", () => {
  const known: Timeline = {
    dag_id: "d",
    dag_run_id: "r",
    number: 1,
    now: 0,
    event: 1,
    state: "running",
    times: [0, 1, null, null],
    tasks: ["a", "m"],
    bars: [
      [1, 0, 1, "success", 3, 5],
      [1, 1, 1, "running", 4, null],
      [0, -1, 1, "failed", 1, 2],
      [0, -1, 2, "success", 2, 3],
    ],
    cut: false,
  };
  const moves = (data: unknown): Told => ({ id: 2, at: 9, kind: "moves", dag_id: "d", dag_run_id: "r", data });

  it("has a line a task, in the order in which they began, and one an instance where it is unfolded", () => {
    expect(linesOf(known, new Set()).map((line) => [line.key, line.bars.length])).toEqual([["a", 2], ["m", 2]]);
    expect(linesOf(known, new Set(["m"])).map((line) => line.key)).toEqual(["a", "m[0]", "m[1]"]);
  });

  it("ends a bar with its move, and begins a new one for the next try", () => {
    const ended = timelineAfter(known, moves([["m", 1, "running", "up_for_retry", 4]])).next;
    expect(ended.bars[1]).toEqual([1, 1, 1, "failed", 4, 9]);
    const again = timelineAfter(ended, moves([["m", 1, "up_for_retry", "running", 5]])).next;
    expect(again.bars[4]).toEqual([1, 1, 2, "running", 9, null]);
  });

  it("puts bars that overlap below one another", () => {
    expect(lanesOf(known.bars.slice(0, 2), 10)).toEqual({ lane: [0, 1], many: 2 });
    expect(lanesOf(known.bars.slice(2), 10)).toEqual({ lane: [0, 0], many: 1 });
  });
});

it("shows what changed between two texts, and how much is alike", () => {
  const before = Array.from({ length: 30 }, (_, at) => `line ${at}`).join("\n");
  const lines = differing(before, before.replace("line 15", "line fifteen"));
  expect(lines.map((line) => line.kind)).toEqual(["gap", "same", "same", "same", "gone", "new", "same", "same", "same", "gap"]);
  expect(lines[0]!.text).toBe("12 lines alike");
  expect(changes(lines)).toEqual({ gone: 1, come: 1 });
  expect(differing("a\n", "a\n").every((line) => line.kind === "gap")).toBe(true);
});
