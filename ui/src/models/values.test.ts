import { describe, expect, it } from "vitest";
import { drawn, imageOf, looksOf, rowsOf, seriesOf } from "./values.model";

describe("what a value looks like", () => {
  it("shows records as a table, numbers as a plot, and everything as a tree too", () => {
    expect(looksOf([{ a: 1 }, { a: 2, b: "x" }])).toEqual(["table", "tree"]);
    expect(looksOf([1, 2, 3])).toEqual(["plot", "tree"]);
    expect(looksOf([{ n: 1 }, { n: 2 }, { n: 3 }])).toEqual(["table", "plot", "tree"]);
    expect(looksOf({ a: { b: 1 } })).toEqual(["tree"]);
    expect(looksOf("one\ntwo")).toEqual(["text", "tree"]);
  });

  it("puts records, lists and columns into rows", () => {
    expect(rowsOf([{ a: 1 }, { b: 2 }])).toEqual({ columns: ["a", "b"], rows: [[1, undefined], [undefined, 2]] });
    expect(rowsOf([[1, 2], [3, 4]])!.columns).toEqual(["0", "1"]);
    expect(rowsOf({ x: [1, 2], y: [3, 4] })!.rows).toEqual([[1, 3], [2, 4]]);
    expect(rowsOf([1, { a: 1 }])).toBeNull();
  });

  it("takes as an image only what carries its own bytes", () => {
    expect(imageOf("data:image/png;base64,iVBORw0KGgo=")).toContain("data:image/png");
    expect(imageOf("https://elsewhere.example/x.png")).toBeNull();
    expect(imageOf('data:image/svg+xml,<svg onload="alert(1)">')).toBeNull();
    expect(imageOf(`iVBORw0KGgo${"A".repeat(80)}`)).toMatch(/^data:image\/png;base64,/);
  });

  it("draws a line within its box, with a gap where there is no number", () => {
    expect(drawn([0, 5, 10], 100, 50)).toEqual({ path: "M0 50L50 25L100 0", low: 0, high: 10 });
    expect(drawn([1, null, 3], 100, 50)!.path.match(/M/g)).toHaveLength(2);
    expect(drawn([null], 100, 50)).toBeNull();
    expect(seriesOf([{ n: 1, s: "a" }, { n: 2, s: "b" }, { n: 3, s: "c" }]).map((one) => one.name)).toEqual(["n"]);
  });
});
