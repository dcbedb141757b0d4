import { describe, expect, it } from "vitest";
import { type Box, laidOut, layersOf, pathOf, type ToLay } from "./layout.model";

const nodes = (many: number): [number, number][] => Array.from({ length: many }, () => [100, 30]);
const meets = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const holds = (outer: Box, inner: Box) =>
  outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.width >= inner.x + inner.width && outer.y + outer.height >= inner.y + inner.height;

describe("the layout", () => {
  it("puts what follows at the right of what it follows, and nothing over anything", () => {
    const asked: ToLay = { sizes: nodes(6), groupOf: [-1, -1, -1, -1, -1, -1], groups: [], edges: [[0, 1], [0, 2], [0, 3], [1, 4], [2, 4], [3, 4], [0, 4], [4, 5]] };
    const laid = laidOut(asked);
    const boxes = laid.nodes as Box[];
    for (const [a, b] of asked.edges) expect(boxes[a]!.x + boxes[a]!.width).toBeLessThan(boxes[b]!.x);
    for (const [at, one] of boxes.entries()) for (const other of boxes.slice(at + 1)) expect(meets(one, other)).toBe(false);
    // A line that is long goes round what is between.
    const long = laid.edges.find((edge) => edge.from === "n0" && edge.to === "n4")!;
    expect(long.points).toHaveLength(4);
    expect(boxes.slice(1, 4).some((box) => long.points.slice(1, 3).some(([, y]) => y > box.y && y < box.y + box.height))).toBe(false);
  });

  const grouped = (folded: boolean): ToLay => ({
    sizes: nodes(5),
    groupOf: [-1, 0, 1, 1, -1],
    groups: [
      { parent: -1, folded, width: 120, height: 34 },
      { parent: 0, folded: false, width: 120, height: 34 },
    ],
    edges: [[0, 1], [1, 2], [1, 3], [2, 4], [3, 4]],
  });

  it("keeps what is in a group within it, and the rest out", () => {
    const { nodes: boxes, groups } = laidOut(grouped(false));
    for (const at of [1, 2, 3]) expect(holds(groups[0]!, boxes[at]!)).toBe(true);
    expect(holds(groups[0]!, groups[1]!)).toBe(true);
    expect(meets(groups[0]!, boxes[0]!) || meets(groups[0]!, boxes[4]!)).toBe(false);
  });

  it("makes one box of a folded group, and one line of many", () => {
    const laid = laidOut(grouped(true));
    expect(laid.nodes.map((box) => box !== null)).toEqual([true, false, false, false, true]);
    expect(laid.groups[1]).toBeNull();
    expect(laid.edges.map(({ from, to, many }) => [from, to, many])).toEqual([["n0", "g0", 1], ["g0", "n4", 2]]);
  });

  it("stands a circle of folded groups", () => {
    expect([...layersOf(3, [[0, 1], [1, 0], [1, 2]])]).toEqual([0, 1, 2]);
  });

  it("lays 10,000 tasks out", () => {
    const many = 10_000;
    const edges: [number, number][] = [];
    for (let at = 100; at < many; at++) edges.push([at - 100, at], [Math.max(0, at - 101), at]);
    const laid = laidOut({ sizes: nodes(many), groupOf: new Array(many).fill(-1), groups: [], edges });
    expect(laid.nodes.every((box) => box !== null)).toBe(true);
  });
});

it("draws lines that are level at both ends", () => {
  expect(pathOf([[0, 0], [100, 0]])).toBe("M0.0 0.0H100.0");
  expect(pathOf([[0, 0], [100, 40]])).toBe("M0.0 0.0C50.0 0.0 50.0 40.0 100.0 40.0");
});
