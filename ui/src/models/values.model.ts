// What a value looks like best: records as a table, numbers as a line, an image as one, all else as a tree or a text.

export type Look = "tree" | "table" | "plot" | "image" | "text";
export type Record_ = Record<string, unknown>;

const ROWS_READ = 200;
const COLUMNS_MAX = 40;
const PNG = /^iVBORw0KGgo/;
const JPEG = /^\/9j\//;
const GIF = /^R0lGOD/;
const IMAGE = /^data:image\/(png|jpeg|gif|webp|svg\+xml|avif);base64,[A-Za-z0-9+/=\s]+$/;

/** The ways to look at it, the best one first; a tree is always among them. */
export function looksOf(value: unknown): Look[] {
  if (imageOf(value) !== null) return ["image", "tree"];
  const found: Look[] = [];
  if (rowsOf(value) !== null) found.push("table");
  if (seriesOf(value).length > 0) found.push("plot");
  if (found.length === 2 && Array.isArray(value) && value.every((one) => typeof one === "number")) found.reverse();
  if (typeof value === "string" && (value.includes("\n") || value.length > 120)) found.push("text");
  return [...found, "tree"];
}

/** An address that shows it, made of its own bytes alone: nothing is fetched. */
export function imageOf(value: unknown): string | null {
  if (typeof value !== "string" || value.length > 20_000_000) return null;
  if (value.startsWith("data:image/") && IMAGE.test(value)) return value;
  if (value.length < 60 || !/^[A-Za-z0-9+/=\s]+$/.test(value.slice(0, 200))) return null;
  if (PNG.test(value)) return `data:image/png;base64,${value}`;
  if (JPEG.test(value)) return `data:image/jpeg;base64,${value}`;
  if (GIF.test(value)) return `data:image/gif;base64,${value}`;
  return null;
}

function isRecord(value: unknown): value is Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface Rows {
  columns: string[];
  rows: unknown[][];
}

/** Records, lists of equal length, or a record of columns of equal length. */
export function rowsOf(value: unknown): Rows | null {
  if (Array.isArray(value) && value.length > 0) {
    if (value.every(isRecord)) {
      const columns = columnsOf(value);
      return columns.length === 0 ? null : { columns, rows: value.map((row) => columns.map((name) => row[name])) };
    }
    const width = Array.isArray(value[0]) ? value[0].length : 0;
    if (width > 0 && width <= COLUMNS_MAX && value.every((row) => Array.isArray(row) && row.length === width)) {
      return { columns: Array.from({ length: width }, (_, at) => String(at)), rows: value as unknown[][] };
    }
  }
  if (isRecord(value)) {
    const columns = Object.keys(value);
    const lists = Object.values(value);
    const length = Array.isArray(lists[0]) ? lists[0].length : 0;
    if (length > 0 && columns.length <= COLUMNS_MAX && lists.every((one) => Array.isArray(one) && one.length === length)) {
      const whole = lists as unknown[][];
      return { columns, rows: Array.from({ length }, (_, at) => whole.map((one) => one[at])) };
    }
  }
  return null;
}

function columnsOf(rows: Record_[]): string[] {
  const found = new Set<string>();
  for (const row of rows.slice(0, ROWS_READ)) for (const name of Object.keys(row)) found.add(name);
  return [...found].slice(0, COLUMNS_MAX);
}

export interface Series {
  name: string;
  points: (number | null)[];
}

const POINTS_MIN = 3;

/** Columns of numbers. */
export function seriesOf(value: unknown): Series[] {
  if (Array.isArray(value) && value.length >= POINTS_MIN && value.every((one) => typeof one === "number")) {
    return [{ name: "value", points: value as number[] }];
  }
  const rows = rowsOf(value);
  if (rows === null || rows.rows.length < POINTS_MIN) return [];
  return rows.columns
    .map((name, at) => ({ name, points: rows.rows.map((row) => (typeof row[at] === "number" ? row[at] : null)) }))
    .filter((one) => one.points.filter((point) => point !== null).length >= Math.max(POINTS_MIN, one.points.length / 2));
}

export interface Drawn {
  path: string;
  low: number;
  high: number;
}

/** A line through at most `most` points, in a box of this size; the highest and lowest of what is left out are kept. */
export function drawn(points: (number | null)[], width: number, height: number, most = 1000): Drawn | null {
  const real = points.filter((one): one is number => one !== null && Number.isFinite(one));
  if (real.length === 0) return null;
  let low = real[0]!;
  let high = real[0]!;
  for (const one of real) {
    if (one < low) low = one;
    if (one > high) high = one;
  }
  const span = high - low || 1;
  const step = Math.max(1, Math.ceil(points.length / (most / 2)));
  const x = (at: number) => (points.length === 1 ? width / 2 : (at / (points.length - 1)) * width);
  const y = (one: number) => height - ((one - low) / span) * height;
  let path = "";
  let pen = "M";
  for (let at = 0; at < points.length; at += step) {
    const some = points.slice(at, at + step).filter((one): one is number => one !== null && Number.isFinite(one));
    if (some.length === 0) {
      pen = "M";
      continue;
    }
    const ends = step === 1 ? some : [Math.min(...some), Math.max(...some)];
    for (const one of ends) {
      path += `${pen}${round(x(at))} ${round(y(one))}`;
      pen = "L";
    }
  }
  return { path, low, high };
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
}
