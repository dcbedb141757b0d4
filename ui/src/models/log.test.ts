import { describe, expect, it } from "vitest";
import { partsOf } from "./ansi.model";
import { appended, atLeast, EMPTY, lineAt, linesOf, LINES_MAX, opened, prepended, shown, sizeOf } from "./log.model";

const HEAD = "2026-11-29T05:03:12.500Z";

describe("colours in what is printed", () => {
  it("makes parts of colours and takes every other sequence away", () => {
    expect(partsOf("\x1b[32mwritten\x1b[0m to \x1b[1;31mdisk\x1b[K")).toEqual([
      { text: "written", hue: "green" },
      { text: " to " },
      { text: "disk", hue: "red", bold: true },
    ]);
    expect(partsOf("\x1b]0;title\x07plain\x00")).toEqual([{ text: "plain" }]);
  });

  it("puts far colours to the nearest of its own", () => {
    expect(partsOf("\x1b[38;5;196mx")[0]!.hue).toBe("red");
    expect(partsOf("\x1b[38;2;20;200;220mx")[0]!.hue).toBe("cyan");
    expect(partsOf("\x1b[38;5;250mx")[0]!.hue).toBe("white");
  });

  it("keeps markup as text", () => {
    expect(partsOf("<img src=x onerror=alert(1)>")).toEqual([{ text: "<img src=x onerror=alert(1)>" }]);
  });
});

describe("a log as lines", () => {
  it("reads when, how grave and what, and lets lines without a head go on", () => {
    const lines = linesOf(`${HEAD} INFO  begun\n${HEAD} ERROR   broke\n  at line 3\n`, 100);
    expect(lines.map((line) => [line.level, line.text])).toEqual([
      ["info", "begun"],
      ["error", "  broke"],
      ["error", "  at line 3"],
    ]);
    expect(lines[0]!.time).toBe(Date.parse(HEAD) / 1000);
  });

  it("knows the byte of each line, whatever its letters are", () => {
    const lines = linesOf("äö\nb\n", 10);
    expect(lines.map((line) => line.at)).toEqual([10, 15]);
    expect(lineAt(lines, 14)).toBe(0);
    expect(lineAt(lines, 15)).toBe(1);
    expect(lineAt(lines, 9)).toBe(-1);
  });

  it("grows at both ends, and takes nothing that does not join", () => {
    const window = opened({ begin: 10, end: 12, size: 14, text: "b\n", over: false });
    const whole = appended(prepended(window, { begin: 8, end: 10, size: 14, text: "a\n", over: false }), {
      begin: 12,
      end: 14,
      size: 14,
      text: "c\n",
      over: true,
    });
    expect(whole.lines.map((line) => line.text)).toEqual(["a", "b", "c"]);
    expect([whole.begin, whole.end, whole.over]).toEqual([8, 14, true]);
    expect(prepended(window, { begin: 0, end: 4, size: 14, text: "x\n", over: false })).toBe(window);
    expect(appended(window, { begin: 13, end: 14, size: 14, text: "x", over: false }).lines).toBe(window.lines);
  });

  it("keeps a bounded number of lines, those towards which one reads", () => {
    const many = "x\n".repeat(LINES_MAX);
    const full = appended(EMPTY, { begin: 0, end: many.length, size: many.length, text: many, over: false });
    const more = appended(full, { begin: many.length, end: many.length + 2, size: many.length + 2, text: "y\n", over: false });
    expect(more.lines.length).toBe(LINES_MAX);
    expect(more.begin).toBe(2);
    expect(more.lines.at(-1)!.text).toBe("y");
  });

  it("filters by the least level and marks what is looked for", () => {
    const lines = linesOf(`${HEAD} DEBUG a\n${HEAD} WARN  b\n`, 0);
    expect(atLeast(lines, "info").map((line) => line.text)).toEqual(["b"]);
    expect(shown("one Two two", "two").filter((part) => part.hit).map((part) => part.text)).toEqual(["Two", "two"]);
  });

  it("tells sizes shortly", () => {
    expect([12, 1234, 99_960_000, 104_857_600].map(sizeOf)).toEqual(["12 B", "1.2 kB", "100 MB", "105 MB"]);
  });
});
