import { describe, expect, it } from "vitest";
import type { Told } from "~/api/events";
import { graphOf, type PackedGraph, ranks } from "./graph.model";
import { ABSENT, cellOf, codeOf, countsWords, gridAfter, gridOf, instancesAfter, instancesOf, moved, type PackedGrid, rowsOf, sizesOf, stateAt, withOlder } from "./grid.model";
import { wordOf } from "./states.model";

const letters = { s: "success", f: "failed", r: "running", n: "none", q: "queued", c: "scheduled", "-": null };

const packed = (more: Partial<PackedGrid> = {}): PackedGrid => ({
  dag_id: "d",
  version_number: 1,
  letters,
  tasks: ["a", "g.b", "g.c", "m"],
  now: 0,
  event: 1,
  runs: [
    { number: 2, dag_run_id: "r2", state: "running", run_type: "manual", version_number: 1, times: [10, 11, null, null], cells: "1s1r1n1r", mapped: [[3, 5, "1f3n1r"]] },
    { number: 1, dag_run_id: "r1", state: "success", run_type: "manual", version_number: 1, times: [0, 1, 2, null], cells: "3s1-", mapped: [] },
  ],
  ...more,
});

const graph = (more: Partial<PackedGraph> = {}) =>
  graphOf({
    dag_id: "d",
    version_number: 1,
    tasks: ["a", "g.b", "g.c", "m"],
    labels: {},
    operators: ["@task"],
    operator_of: [0, 0, 0, 0],
    groups: [["g", -1, null]],
    group_of: [-1, 0, 0, -1],
    mapped: [3],
    setups: [],
    teardowns: [],
    edges: [0, 1, 1, 2, 2, 3],
    edge_labels: [],
    assets: [],
    starts: [],
    uses: [],
    makes: [],
    ...more,
  });

const event = (kind: string, data: unknown, run = "r2", id = 2): Told => ({ id, at: 20, kind, dag_id: "d", dag_run_id: run, data });
const folding = (turned: string[] = [], groupsOpen = false) => ({ turned: new Set(turned), groupsOpen });

describe("the grid", () => {
  it("is unpacked oldest first, one byte a cell, and tells what a run's version does not have", () => {
    const grid = gridOf(packed(), 60);
    expect(grid.runs.map((run) => run.runId)).toEqual(["r1", "r2"]);
    expect([...grid.runs[0]!.cells].map(stateAt)).toEqual(["success", "success", "success", null]);
    expect(grid.runs[0]!.cells[3]).toBe(ABSENT);
    expect(grid.hasOlder).toBe(false);
    expect(sizesOf(grid).get(3)).toBe(5);
  });

  it("lets a mapped task stand as its instances do, whatever its own row still says", () => {
    const [run] = packed().runs;
    const grid = gridOf(packed({ runs: [{ ...run!, cells: "1s1r1n1c" }] }), 60);
    expect(stateAt(grid.runs[0]!.cells[3]!)).toBe("running");
  });

  it("folds a group into one row whose state is that which counts most", () => {
    const grid = gridOf(packed(), 60);
    const rows = rowsOf(grid.tasks, graph(), sizesOf(grid), folding());
    expect(rows.map((row) => row.key)).toEqual(["t:a", "g:g", "t:m"]);
    const cell = cellOf(grid.runs[1]!, rows[1]!, new Map());
    expect(stateAt(cell.code)).toBe("running");
    expect(countsWords(cell.counts!, wordOf)).toBe("1 running, 1 not yet");
  });

  it("unfolds groups, with names that do not repeat the group's, and mapped tasks into their instances", () => {
    const grid = gridOf(packed(), 60);
    const rows = rowsOf(grid.tasks, graph(), sizesOf(grid), folding(["g:g", "t:m"]));
    expect(rows.map((row) => `${row.depth} ${row.label}`)).toEqual(["0 a", "0 g", "1 b", "1 c", "0 m", "1 [0]", "1 [1]", "1 [2]", "1 [3]", "1 [4]"]);
  });

  it("takes the moves of a run into its cells and counts", () => {
    const grid = gridOf(packed(), 60);
    const moves = [
      ["g.b", -1, "running", "success", 7],
      ["m", 2, "running", "success", 8],
    ];
    const { next, stale } = gridAfter(grid, event("moves", moves));
    expect(stale).toBe(false);
    expect(stateAt(next.runs[1]!.cells[1]!)).toBe("success");
    const counts = next.runs[1]!.mapped.get(3)!;
    expect([counts.of[codeOf("success")], counts.of[codeOf("running")], counts.of[codeOf("failed")]]).toEqual([1, 0, 1]);
    expect(stateAt(next.runs[1]!.cells[3]!)).toBe("failed");
    // What was told before is as it was.
    expect(stateAt(grid.runs[1]!.cells[1]!)).toBe("running");
    expect(next.runs[0]).toBe(grid.runs[0]);
  });

  it("asks the server where it cannot know: a new run, a new version, instances nobody told of", () => {
    const grid = gridOf(packed(), 60);
    expect(gridAfter(grid, event("run", ["", "queued", null], "r3")).stale).toBe(true);
    expect(gridAfter(grid, event("version", null)).stale).toBe(true);
    expect(gridAfter(grid, event("moves", [["a", 0, "none", "running", 1]])).stale).toBe(true);
    expect(gridAfter(grid, { ...event("run", ["running", "failed", null]), dag_id: "other" }).next).toBe(grid);
  });

  it("ends a run with its event, and opens it again", () => {
    const ended = gridAfter(gridOf(packed(), 60), event("run", ["running", "failed", null])).next;
    expect([ended.runs[1]!.state, ended.runs[1]!.ended]).toEqual(["failed", 20]);
    const again = gridAfter(ended, event("run", ["failed", "queued", null])).next;
    expect([again.runs[1]!.started, again.runs[1]!.ended]).toEqual([null, null]);
  });

  it("puts older runs before those that are there, once", () => {
    const grid = gridOf(packed(), 2);
    const older = gridOf(packed({ runs: [packed().runs[1]!, { ...packed().runs[1]!, number: 0, dag_run_id: "r0" }] }), 60);
    const all = withOlder(grid, older);
    expect(all.runs.map((run) => run.runId)).toEqual(["r0", "r1", "r2"]);
    expect(all.hasOlder).toBe(false);
  });

  it("unpacks 10,000 tasks × 200 runs in well under a second", () => {
    const tasks = Array.from({ length: 10_000 }, (_, at) => `t${at}`);
    const runs = Array.from({ length: 200 }, (_, at) => ({ ...packed().runs[1]!, number: 200 - at, dag_run_id: `r${at}`, cells: "5000s1f4999s", mapped: [] as [] }));
    const grid = gridOf(packed({ tasks, runs }), 200);
    expect(grid.runs).toHaveLength(200);
    expect(stateAt(grid.runs[0]!.cells[5000]!)).toBe("failed");
    expect(rowsOf(tasks, null, new Map(), folding())).toHaveLength(10_000);
  });
});

it("follows the instances of an unfolded task", () => {
  const table = instancesOf({ task_id: "m", event: 1, runs: [[2, "2s1r"]] });
  const after = instancesAfter(table, event("moves", [["m", 2, "running", "failed", 1], ["m", 3, "none", "running", 2]]), () => 2);
  expect([...after.next.runs.get(2)!].map(stateAt)).toEqual(["success", "success", "failed", "running"]);
  expect(instancesAfter(table, event("moves", [["a", -1, "none", "running", 1]]), () => 2).next).toBe(table);
});

it("walks with arrows and stays within", () => {
  expect(moved({ row: 0, column: 0 }, "ArrowLeft", 3, 3)).toEqual({ row: 0, column: 0 });
  expect(moved({ row: 1, column: 1 }, "End", 3, 9)).toEqual({ row: 1, column: 8 });
  expect(moved({ row: 1, column: 1 }, "x", 3, 3)).toBeNull();
});

it("puts upstream before downstream, and keeps a branch together", () => {
  expect([...ranks(4, [3, 2, 2, 1, 1, 0])]).toEqual([3, 2, 1, 0]);
  expect([...ranks(5, [0, 1, 0, 2, 1, 3, 2, 4])]).toEqual([0, 1, 3, 2, 4]);
});
