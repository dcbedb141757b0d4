// A log as lines: when, how grave, what; and the piece of a long one that is at hand. A place is a byte of the whole.
import { type Part, partsOf } from "./ansi.model";

export const LEVELS = ["debug", "info", "warning", "error", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export interface LogLine {
  /** The byte where it begins. */
  at: number;
  time: number | null; // seconds since 1970
  level: Level;
  text: string;
}

export interface LogPiece {
  begin: number;
  end: number;
  size: number;
  text: string;
  over: boolean;
}

const HEAD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) ([A-Z]+)/;
const LEVEL_WIDE = 6; // a level is filled up to this, and then comes what the line says
const NAMES: Record<string, Level> = {
  DEBUG: "debug",
  INFO: "info",
  WARN: "warning",
  WARNING: "warning",
  ERROR: "error",
  CRITICAL: "critical",
  FATAL: "critical",
};

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return encoder.encode(text).length;
  return text.length;
}

function saidIn(raw: string, time: string, level: string): string {
  const from = time.length + 1 + Math.max(LEVEL_WIDE, level.length + 1);
  return raw.slice(from).replace(/\r$/, "");
}

/** A line without a head goes on with the one before it. */
export function linesOf(text: string, begin: number, before: Level = "info"): LogLine[] {
  const lines: LogLine[] = [];
  let at = begin;
  let level = before;
  const all = text.split("\n");
  if (all[all.length - 1] === "") all.pop();
  for (const raw of all) {
    const found = HEAD.exec(raw);
    if (found === null) lines.push({ at, time: lines[lines.length - 1]?.time ?? null, level, text: raw });
    else {
      level = NAMES[found[2]!] ?? "info";
      const time = Date.parse(found[1]!) / 1000;
      lines.push({ at, time: Number.isNaN(time) ? null : time, level, text: saidIn(raw, found[1]!, found[2]!) });
    }
    at += bytesOf(raw) + 1;
  }
  return lines;
}

export interface LogWindow {
  begin: number;
  end: number;
  size: number;
  over: boolean;
  lines: LogLine[];
}

export const EMPTY: LogWindow = { begin: 0, end: 0, size: 0, over: false, lines: [] };
/** Lines that are kept at once; what is far from the eye is let go, and read again when it is near. */
export const LINES_MAX = 60_000;

export function opened(piece: LogPiece): LogWindow {
  return { ...piece, lines: linesOf(piece.text, piece.begin) };
}

/** What comes before; the far end is let go where there is too much. */
export function prepended(window: LogWindow, piece: LogPiece): LogWindow {
  if (piece.end !== window.begin) return window;
  const lines = [...linesOf(piece.text, piece.begin), ...window.lines];
  if (lines.length <= LINES_MAX) return { ...window, begin: piece.begin, lines };
  return { ...window, begin: piece.begin, end: lines[LINES_MAX]!.at, lines: lines.slice(0, LINES_MAX) };
}

/** What comes after, read or told as it is written. */
export function appended(window: LogWindow, piece: LogPiece): LogWindow {
  if (piece.begin !== window.end) return { ...window, size: Math.max(window.size, piece.size), over: piece.over };
  const last = window.lines[window.lines.length - 1];
  const lines = [...window.lines, ...linesOf(piece.text, piece.begin, last?.level)];
  const whole = { ...window, end: piece.end, size: Math.max(piece.size, piece.end), over: piece.over };
  if (lines.length <= LINES_MAX) return { ...whole, lines };
  const kept = lines.slice(lines.length - LINES_MAX);
  return { ...whole, begin: kept[0]!.at, lines: kept };
}

export function atLeast(lines: LogLine[], level: Level): LogLine[] {
  if (level === "debug") return lines;
  const from = LEVELS.indexOf(level);
  return lines.filter((line) => LEVELS.indexOf(line.level) >= from);
}

/** The line that a byte stands in; −1: none of these. */
export function lineAt(lines: LogLine[], byte: number): number {
  let low = 0;
  let high = lines.length - 1;
  let found = -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (lines[middle]!.at <= byte) {
      found = middle;
      low = middle + 1;
    } else high = middle - 1;
  }
  return found;
}

export interface ShownPart extends Part {
  /** Is what was looked for. */
  hit?: boolean;
}

/** The parts of a line, with what is looked for cut out. */
export function shown(text: string, wanted: string): ShownPart[] {
  const parts = partsOf(text);
  if (wanted === "") return parts;
  const low = wanted.toLowerCase();
  return parts.flatMap((part): ShownPart[] => {
    const found: ShownPart[] = [];
    const there = part.text.toLowerCase();
    if (there.length !== part.text.length) return [part];
    let at = 0;
    for (let next = there.indexOf(low); next >= 0; next = there.indexOf(low, at)) {
      if (next > at) found.push({ ...part, text: part.text.slice(at, next) });
      found.push({ ...part, text: part.text.slice(next, next + low.length), hit: true });
      at = next + low.length;
    }
    if (at < part.text.length || found.length === 0) found.push({ ...part, text: part.text.slice(at) });
    return found;
  });
}

export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
