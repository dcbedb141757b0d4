// Paints the part of the grid that is in sight. Knows where a cell is, and nothing of React.
import { ABSENT, type Cell, cellOf, type Counts, type GridRun, type Instances, type Row, stateAt } from "~/models/grid.model";
import { BY_WEIGHT, stateOf, TASK_STATES, type TaskState } from "~/models/states.model";
import { duration } from "~/models/time.model";
import type { Ink } from "./glyphs";

export const ROW = 28;
export const COLUMN = 24;
export const HEAD = 84;
const BARS_TOP = 8;
const BARS_BOTTOM = 54;
const GLYPH = 14;

export interface Sight {
  width: number; // of the part with cells
  height: number;
  left: number; // scrolled
  top: number;
}

export interface Scene {
  runs: GridRun[];
  rows: Row[];
  instances: Instances;
  chosen: { row: number; column: number } | null; // row −1: the run as a whole
  hovered: { row: number; column: number } | null;
  now: number;
  longest: number;
  /** Turns while something runs; 0 where nothing is to move. */
  phase: number;
}

export interface Brush {
  pen: CanvasRenderingContext2D;
  ink: Ink;
  glyphs: Map<TaskState, HTMLCanvasElement>;
  font: string;
}

/** Whether something in sight moves. */
export function paint({ pen, ink, glyphs, font }: Brush, scene: Scene, sight: Sight): boolean {
  const { runs, rows } = scene;
  const firstColumn = Math.max(0, Math.floor(sight.left / COLUMN));
  const lastColumn = Math.min(runs.length - 1, Math.floor((sight.left + sight.width) / COLUMN));
  const firstRow = Math.max(0, Math.floor(sight.top / ROW));
  const lastRow = Math.min(rows.length - 1, Math.floor((sight.top + sight.height - HEAD) / ROW));
  pen.clearRect(0, 0, sight.width, sight.height);
  const x = (column: number) => column * COLUMN - sight.left;
  const y = (row: number) => HEAD + row * ROW - sight.top;

  pen.save();
  pen.beginPath();
  pen.rect(0, HEAD, sight.width, sight.height - HEAD);
  pen.clip();
  bands(pen, ink, scene, sight, x, y);
  pen.fillStyle = ink.line;
  for (let row = firstRow; row <= lastRow; row++) pen.fillRect(0, y(row) + ROW - 1, sight.width, 1);
  let moves = false;
  for (let column = firstColumn; column <= lastColumn; column++) {
    const run = runs[column]!;
    for (let row = firstRow; row <= lastRow; row++) {
      const cell = cellOf(run, rows[row]!, scene.instances);
      if (cell.code === ABSENT) continue;
      const left = x(column) + (COLUMN - GLYPH) / 2;
      const top = y(row) + (ROW - 1 - GLYPH) / 2;
      if (cell.counts !== null && isMixed(cell.counts)) {
        stack(pen, ink, cell.counts, x(column) + 3, y(row) + 8, COLUMN - 6, ROW - 17);
        moves ||= cell.counts.of[RUNNING]! > 0;
      } else {
        const turns = turned(pen, glyphs, cell, left, top, scene.phase);
        moves ||= turns;
      }
    }
  }
  frames(pen, ink, scene, x, y);
  pen.restore();
  head(pen, ink, glyphs, font, scene, sight, x, firstColumn, lastColumn);
  return moves || runs.slice(firstColumn, lastColumn + 1).some((run) => run.state === "running");
}

const RUNNING = TASK_STATES.indexOf("running");

function isMixed({ of }: Counts): boolean {
  let kinds = 0;
  for (const n of of) if (n > 0 && ++kinds > 1) return true;
  return false;
}

function turned(pen: CanvasRenderingContext2D, glyphs: Brush["glyphs"], cell: Cell, left: number, top: number, phase: number): boolean {
  const state = stateAt(cell.code);
  if (state === null) return false;
  const glyph = glyphs.get(state)!;
  if (state !== "running" || phase === 0) {
    pen.drawImage(glyph, left, top, GLYPH, GLYPH);
    return state === "running";
  }
  pen.save();
  pen.translate(left + GLYPH / 2, top + GLYPH / 2);
  pen.rotate(phase);
  pen.drawImage(glyph, -GLYPH / 2, -GLYPH / 2, GLYPH, GLYPH);
  pen.restore();
  return true;
}

/** Several states in one cell: beside one another, as wide as they are many, and what has failed never too small to see. */
function stack(pen: CanvasRenderingContext2D, ink: Ink, counts: Counts, left: number, top: number, width: number, height: number): void {
  let total = 0;
  for (const n of counts.of) total += n;
  const order = [...BY_WEIGHT].filter((state) => counts.of[TASK_STATES.indexOf(state)]! > 0).reverse();
  const least = 4;
  const free = width - least * order.length;
  pen.save();
  pen.beginPath();
  pen.roundRect(left, top, width, height, 3);
  pen.clip();
  let at = left;
  for (const state of order) {
    const part = least + (free * counts.of[TASK_STATES.indexOf(state)]!) / total;
    pen.fillStyle = ink.state[state];
    pen.fillRect(at, top, part - 1, height);
    at += part;
  }
  pen.restore();
}

function bands(pen: CanvasRenderingContext2D, ink: Ink, scene: Scene, sight: Sight, x: (n: number) => number, y: (n: number) => number): void {
  const { chosen, hovered } = scene;
  if (hovered !== null) {
    pen.fillStyle = ink.hover;
    if (hovered.row >= 0) pen.fillRect(0, y(hovered.row), sight.width, ROW - 1);
    if (hovered.column >= 0) pen.fillRect(x(hovered.column), HEAD, COLUMN, sight.height);
  }
  if (chosen !== null) {
    pen.fillStyle = ink.chosen;
    if (chosen.column >= 0) pen.fillRect(x(chosen.column), HEAD, COLUMN, sight.height);
    if (chosen.row >= 0) pen.fillRect(0, y(chosen.row), sight.width, ROW - 1);
  }
}

function frames(pen: CanvasRenderingContext2D, ink: Ink, { chosen }: Scene, x: (n: number) => number, y: (n: number) => number): void {
  if (chosen === null || chosen.row < 0 || chosen.column < 0) return;
  pen.strokeStyle = ink.accent;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.roundRect(x(chosen.column) + 1.5, y(chosen.row) + 1.5, COLUMN - 3, ROW - 4, 5);
  pen.stroke();
}

/** How long runs took, as bars, and what became of each. */
function head(pen: CanvasRenderingContext2D, ink: Ink, glyphs: Brush["glyphs"], font: string, scene: Scene, sight: Sight, x: (n: number) => number, first: number, last: number): void {
  pen.clearRect(0, 0, sight.width, HEAD);
  pen.fillStyle = ink.bg;
  pen.fillRect(0, 0, sight.width, HEAD);
  const marked = [
    [scene.hovered?.column ?? -1, ink.hover],
    [scene.chosen?.column ?? -1, ink.chosen],
  ] as const;
  for (const [column, colour] of marked) {
    if (column < 0) continue;
    pen.fillStyle = colour;
    pen.fillRect(x(column), 0, COLUMN, HEAD);
  }
  pen.fillStyle = ink.line;
  pen.fillRect(0, BARS_TOP, sight.width, 1);
  for (let column = first; column <= last; column++) {
    const run = scene.runs[column]!;
    const took = run.started === null ? 0 : (run.ended ?? scene.now) - run.started;
    const height = took <= 0 ? 2 : Math.max(3, ((BARS_BOTTOM - BARS_TOP - 4) * took) / Math.max(scene.longest, 0.001));
    pen.fillStyle = ink.state[stateOf(run.state)];
    pen.globalAlpha = run.state === "success" ? 0.75 : 1;
    pen.beginPath();
    pen.roundRect(x(column) + 6, BARS_BOTTOM - height, COLUMN - 12, height, 2);
    pen.fill();
    pen.globalAlpha = 1;
    const cell: Cell = { code: TASK_STATES.indexOf(stateOf(run.state)), counts: null };
    turned(pen, glyphs, cell, x(column) + (COLUMN - GLYPH) / 2, 62, scene.phase);
  }
  pen.fillStyle = ink.lineStrong;
  pen.fillRect(0, HEAD - 1, sight.width, 1);
  pen.fillStyle = ink.line;
  pen.fillRect(0, BARS_BOTTOM, sight.width, 1);
  void font;
}

export function longestOf(runs: GridRun[], now: number): number {
  let most = 0;
  for (const run of runs) if (run.started !== null) most = Math.max(most, (run.ended ?? now) - run.started);
  return most;
}

export function longestWords(seconds: number): string {
  return seconds > 0 ? duration(seconds) : "";
}
