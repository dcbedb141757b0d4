import { expect, it } from "vitest";
import type { GridRun, Row } from "~/models/grid.model";
import { codeOf } from "~/models/grid.model";
import { TASK_STATES } from "~/models/states.model";
import { paint, type Scene } from "./draw";
import type { Ink } from "./glyphs";

it("paints what stands below and beside a cell that runs", () => {
  let pictures = 0;
  // A pen that counts the pictures it is handed.
  const pen = new Proxy({} as CanvasRenderingContext2D, {
    get: (_, name) => (name === "drawImage" ? () => (pictures += 1) : () => undefined),
    set: () => true,
  });
  const ink = new Proxy({} as Ink, { get: (_, name) => (name === "state" ? {} : "red") });
  const glyphs = new Map(TASK_STATES.map((state) => [state, {} as HTMLCanvasElement]));
  const row = (place: number): Row => ({ key: `t:${place}`, kind: "task", label: "", depth: 0, taskId: String(place), place, mapIndex: -1, folds: false, open: false, members: null, many: 0 });
  const run = (number: number): GridRun => ({ number, runId: String(number), state: "running", type: "manual", version: 1, queued: 0, started: 0, ended: null, date: null, cells: Uint8Array.of(codeOf("running"), codeOf("none"), codeOf("success")), mapped: new Map() });
  const scene: Scene = { runs: [run(1), run(2)], rows: [row(0), row(1), row(2)], instances: new Map(), chosen: null, hovered: null, now: 1, longest: 1, phase: 0 };
  expect(paint({ pen, ink, glyphs, font: "" }, scene, { width: 400, height: 400, left: 0, top: 0 })).toBe(true);
  expect(pictures).toBe(2 * 3 + 2); // each cell, and each run at the top
});
