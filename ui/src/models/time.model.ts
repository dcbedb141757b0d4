// Times for people: how long, how long ago, and the absolute moment in the zone that was chosen. Seconds since 1970.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** `0.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 0.995) return `${s < 0.1 ? Math.round(s * 1000) : Math.round(s * 100) * 10} ms`;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return two(Math.floor(whole / MINUTE), "m", whole % MINUTE, "s");
  if (whole < DAY) return two(Math.floor(whole / HOUR), "h", Math.floor((whole % HOUR) / MINUTE), "m");
  return two(Math.floor(whole / DAY), "d", Math.floor((whole % DAY) / HOUR), "h");
}

function two(many: number, unit: string, few: number, small: string): string {
  return few === 0 ? `${many} ${unit}` : `${many} ${unit} ${few} ${small}`;
}

/** `now`, `12 s ago`, `in 3 h`. One unit, so that a column of them reads fast. */
export function relative(at: number, now: number): string {
  const ahead = at - now;
  const s = Math.abs(ahead);
  if (s < 1) return "now";
  const text =
    s < MINUTE
      ? `${Math.floor(s)} s`
      : s < HOUR
        ? `${Math.floor(s / MINUTE)} m`
        : s < DAY
          ? `${Math.floor(s / HOUR)} h`
          : s < 60 * DAY
            ? `${Math.floor(s / DAY)} d`
            : `${Math.floor(s / (30.44 * DAY))} months`;
  return ahead > 0 ? `in ${text}` : `${text} ago`;
}

/** How many seconds until `relative` reads otherwise. */
export function changesIn(at: number, now: number): number {
  const s = Math.abs(at - now);
  return s < MINUTE ? 1 : s < HOUR ? 15 : 60;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone, hourCycle: "h23" });
    formats.set(key, made);
  }
  return made;
}

function parts(at: number, zone: string, options: Intl.DateTimeFormatOptions): Record<string, string> {
  return Object.fromEntries(format(zone, options).formatToParts(at * 1000).map((one) => [one.type, one.value]));
}

/** `2026-11-29 05:03:12`, with the zone's short name where it is asked for. */
export function absolute(at: number, zone: string, named = false): string {
  const p = parts(at, zone, {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}${named ? ` ${p.timeZoneName}` : ""}`;
}

export function clockOf(at: number, zone: string, withSeconds = false): string {
  const p = parts(at, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return withSeconds ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
}

/** `UTC+2`, `UTC-3:30`; of UTC itself, nothing. */
export function offsetOf(at: number, zone: string): string {
  const name = parts(at, zone, { timeZoneName: "shortOffset" }).timeZoneName ?? "";
  return /^(UTC|GMT)([+-]0)?$/.test(name) ? "" : name.replace("GMT", "UTC");
}

export function dayOf(at: number, zone: string): string {
  const p = parts(at, zone, { year: "numeric", month: "2-digit", day: "2-digit" });
  return `${p.year}-${p.month}-${p.day}`;
}

/** Of the texts that the API gives. */
export function secondsOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at / 1000;
}
