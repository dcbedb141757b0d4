import { describe, expect, it } from "vitest";
import { type Asset, BOX, extraFrom, graphOf, inWords, makersOf, usersOf } from "./assets.model";

const at = "2026-01-01T00:00:00Z";
const end = (dag_id: string, task_id: string) => ({ dag_id, task_id, created_at: at, updated_at: at });
const asset = (makers: number, starts: number): Asset => ({
  id: 1,
  name: "orders",
  uri: "s3://shop/orders",
  group: "asset",
  created_at: at,
  updated_at: at,
  producing_tasks: Array.from({ length: makers }, (_, n) => end(`maker_${n}`, "load")),
  scheduled_dags: Array.from({ length: starts }, (_, n) => ({ dag_id: `user_${n}`, created_at: at, updated_at: at })),
  consuming_tasks: [end("reader", "read")],
  aliases: [],
  watchers: [],
});

describe("an asset's graph", () => {
  it("has makers at the left, users at the right, and nothing above another", () => {
    const graph = graphOf(asset(3, 1));
    expect(graph.makers.map((one) => one.x)).toEqual([0, 0, 0]);
    expect(graph.asset.x).toBe(BOX.width + BOX.between);
    expect(graph.users.every((one) => one.x === graph.asset.x + BOX.width + BOX.between)).toBe(true);
    const tops = graph.makers.map((one) => one.y);
    expect(tops.slice(1).every((y, n) => y - tops[n]! >= BOX.height)).toBe(true);
    expect(graph.users.at(-1)!.y + BOX.height).toBeLessThanOrEqual(graph.height);
  });
  it("begins with the asset where nothing here makes it", () => {
    expect(graphOf(asset(0, 1)).asset).toEqual({ x: 0, y: (BOX.height + BOX.gap) / 2 });
  });
});

describe("an asset in words", () => {
  it("names the first of many", () => {
    expect(inWords(makersOf(asset(3, 0)))).toBe("maker_0 and 2 more");
    expect(inWords(usersOf(asset(0, 1)))).toBe("user_0, reader");
    expect(inWords([])).toBe("–");
  });
  it("takes an extra that is a JSON object, and says what is wrong with another", () => {
    expect(extraFrom(" ")).toEqual({});
    expect(extraFrom('{"rows": 2}')).toEqual({ rows: 2 });
    expect(() => extraFrom("[2]")).toThrow("extra: The extra is a JSON object");
  });
});
