// The states' shapes for a canvas, with the same geometry and the same colours as StateGlyph. Each is drawn once per
// theme and kept as a picture.
import { isDark } from "~/app/theme";
import { TASK_STATES, type TaskState } from "~/models/states.model";

export interface Ink {
  state: Record<TaskState, string>;
  bg: string;
  raised: string;
  sunk: string;
  hover: string;
  chosen: string;
  line: string;
  lineStrong: string;
  text: string;
  soft: string;
  faint: string;
  accent: string;
}

export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  // A token is told as it is written, and a canvas takes one colour.
  const which = isDark() ? 2 : 1;
  const token = (name: string) => /^light-dark\((.+\)),\s*(.+)\)$/.exec(style.getPropertyValue(name).trim())![which]!;
  const state = Object.fromEntries(TASK_STATES.map((one) => [one, token(`--state-${one}`)])) as Record<TaskState, string>;
  // A dot has little to be seen by.
  state.none = token("--text-faint");
  return {
    state,
    bg: token("--bg"),
    raised: token("--bg-raised"),
    sunk: token("--bg-sunk"),
    hover: token("--bg-hover"),
    chosen: token("--bg-chosen"),
    line: token("--line"),
    lineStrong: token("--line-strong"),
    text: token("--text"),
    soft: token("--text-soft"),
    faint: token("--text-faint"),
    accent: token("--accent"),
  };
}

export interface Shape {
  fill?: string;
  stroke?: string;
  width?: number;
  dash?: number[];
  over?: string; // drawn over it in the ground's colour
  faint?: string; // drawn below it, faintly
}

const RING = "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6z";

export const SHAPES: Record<TaskState, Shape> = {
  success: { fill: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z", over: "m5 8.3 2.1 2.1L11 6" },
  running: { faint: RING, stroke: "M8 2.2a5.8 5.8 0 0 1 5.8 5.8", width: 2, fill: "M8 5.6a2.4 2.4 0 1 1 0 4.8a2.4 2.4 0 1 1 0-4.8z" },
  failed: { fill: "M8 1.3 15 14H1z", over: "M8 6v3.6M8 11.7v.1" },
  upstream_failed: { stroke: "M8 2.2 14.2 13.4H1.8z", width: 1.6 },
  up_for_retry: { stroke: "M12.9 6.3A5.3 5.3 0 1 0 13.3 9M13.4 2.6v3.9H9.5", width: 1.8 },
  up_for_reschedule: { stroke: `${RING}M8 4.8V8l2.3 1.6`, width: 1.5 },
  deferred: { stroke: "M5.4 3v10M10.6 3v10", width: 2.6 },
  starting: { stroke: RING, width: 1.6, fill: "M8 2.2a5.8 5.8 0 0 1 0 11.6z" },
  queued: { stroke: "M4.8 2.8h6.4a2 2 0 0 1 2 2v6.4a2 2 0 0 1-2 2H4.8a2 2 0 0 1-2-2V4.8a2 2 0 0 1 2-2z", width: 1.6 },
  scheduled: { stroke: "M4.8 2.8h6.4a2 2 0 0 1 2 2v6.4a2 2 0 0 1-2 2H4.8a2 2 0 0 1-2-2V4.8a2 2 0 0 1 2-2z", width: 1.5, dash: [2.4, 2.2] },
  skipped: { fill: "M3 4.2 7.4 8 3 11.8zM8.6 4.2 13 8l-4.4 3.8z" },
  removed: { stroke: "m4 4 8 8M12 4l-8 8", width: 1.7 },
  none: { fill: "M8 5.8a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 1 1 0-4.4z" },
};

/** Pictures of all states, `size` pixels wide, for one theme and one density of the screen. */
export function glyphsOf(ink: Ink, size: number, density: number): Map<TaskState, HTMLCanvasElement> {
  const made = new Map<TaskState, HTMLCanvasElement>();
  for (const state of TASK_STATES) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.round(size * density);
    const pen = canvas.getContext("2d")!;
    pen.scale((size * density) / 16, (size * density) / 16);
    pen.lineCap = pen.lineJoin = "round";
    drawGlyph(pen, SHAPES[state], ink.state[state], ink.bg);
    made.set(state, canvas);
  }
  return made;
}

function drawGlyph(pen: CanvasRenderingContext2D, shape: Shape, colour: string, ground: string): void {
  pen.fillStyle = pen.strokeStyle = colour;
  if (shape.faint !== undefined) {
    pen.globalAlpha = 0.35;
    pen.lineWidth = 1.6;
    pen.stroke(new Path2D(shape.faint));
    pen.globalAlpha = 1;
  }
  if (shape.fill !== undefined) pen.fill(new Path2D(shape.fill));
  if (shape.stroke !== undefined) {
    pen.lineWidth = shape.width ?? 1.6;
    pen.setLineDash(shape.dash ?? []);
    pen.stroke(new Path2D(shape.stroke));
    pen.setLineDash([]);
  }
  if (shape.over !== undefined) {
    pen.strokeStyle = ground;
    pen.lineWidth = 1.7;
    pen.stroke(new Path2D(shape.over));
  }
}
