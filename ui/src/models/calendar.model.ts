// A year of runs as days: how many there were on each, and how they ended, in the zone that was chosen.
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import { isOpenRun } from "./states.model";
import { dayOf } from "./time.model";

export interface PackedCalendar {
  now: number;
  event: number;
  since: number;
  bucket_s: number;
  counts: [bucket: number, state: string, n: number][];
}

export type CalendarCounts = PackedCalendar;

export function calendarOf(packed: PackedCalendar): CalendarCounts {
  return packed;
}

/** Of which day a run is only the server knows: it is asked again when one begins or ends. */
export function calendarAfter(counts: CalendarCounts, event: Told): Delta<CalendarCounts> {
  const over = event.kind === "run" && !isOpenRun((event.data as [string, string])[1]);
  return { next: counts, stale: over || event.kind === "removed_run" };
}

export interface Day {
  day: string; // 2026-11-29
  week: number; // column
  weekday: number; // 0 is Monday
  all: number;
  success: number;
  failed: number;
  open: number;
  planned: number;
}

export interface Month {
  week: number;
  label: string;
}

const DAY_S = 86_400;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Every day of a calendar year, in order, with what happened on it. */
export function daysOf(year: number, counts: CalendarCounts | undefined, zone: string, planned: number[] = []): Day[] {
  const first = Date.UTC(year, 0, 1) / 1000;
  const last = Date.UTC(year + 1, 0, 1) / 1000;
  const shift = (new Date(first * 1000).getUTCDay() + 6) % 7;
  const days: Day[] = [];
  const byDay = new Map<string, Day>();
  for (let at = first, n = 0; at < last; at += DAY_S, n++) {
    const day = new Date(at * 1000).toISOString().slice(0, 10);
    const made = { day, week: Math.floor((n + shift) / 7), weekday: (n + shift) % 7, all: 0, success: 0, failed: 0, open: 0, planned: 0 };
    days.push(made);
    byDay.set(day, made);
  }
  const dayAt = dayFinder(zone);
  for (const [bucket, state, n] of counts?.counts ?? []) {
    const found = byDay.get(dayAt(counts!.since + bucket * counts!.bucket_s));
    if (found === undefined) continue;
    found.all += n;
    if (state === "success") found.success += n;
    else if (state === "failed") found.failed += n;
    else found.open += n;
  }
  for (const at of planned) {
    const found = byDay.get(dayAt(at));
    if (found !== undefined) found.planned += 1;
  }
  return days;
}

/** Formatting a date is slow; quarters of an hour of one hour are of one day but where a zone is half an hour off. */
function dayFinder(zone: string): (at: number) => string {
  const known = new Map<number, string>();
  return (at) => {
    const quarter = Math.floor(at / 900);
    let day = known.get(quarter);
    if (day === undefined) known.set(quarter, (day = dayOf(at, zone)));
    return day;
  };
}

export function monthsOf(days: Day[]): Month[] {
  return days.filter((one) => one.day.endsWith("-01")).map((one) => ({ week: one.week, label: MONTHS[Number(one.day.slice(5, 7)) - 1]! }));
}

export type Tone = "none" | "planned" | "good" | "mixed" | "bad" | "open";

/** Which colour a day has; `strength` 1 to 4, by how many runs there were beside the busiest day. */
export function toneOf(day: Day, most: number): { tone: Tone; strength: number } {
  if (day.all === 0) return { tone: day.planned > 0 ? "planned" : "none", strength: 1 };
  const strength = Math.max(1, Math.ceil((4 * day.all) / Math.max(1, most)));
  if (day.failed > 0) return { tone: day.success > 0 ? "mixed" : "bad", strength };
  return { tone: day.open > 0 && day.success === 0 ? "open" : "good", strength };
}

export function dayWords(day: Day): string {
  const parts: string[] = [];
  if (day.success > 0) parts.push(`${day.success} succeeded`);
  if (day.failed > 0) parts.push(`${day.failed} failed`);
  if (day.open > 0) parts.push(`${day.open} under way`);
  if (day.planned > 0) parts.push(`${day.planned} planned`);
  return `${day.day}: ${parts.join(", ") || "no runs"}`;
}
