// Moments and lengths for people. The absolute moment is on hover, and for those who hear the page.
import { useNow, useZone } from "~/app/clock";
import { absolute, duration, relative } from "~/models/time.model";

export interface RelativeTimeProps {
  at: number | null | undefined; // seconds since 1970
  absent?: string;
}

export function RelativeTime({ at, absent = "–" }: RelativeTimeProps) {
  const now = useNow();
  const zone = useZone();
  if (at === null || at === undefined) return <span className="numbers">{absent}</span>;
  return (
    <time className="numbers" dateTime={new Date(at * 1000).toISOString()} title={absolute(at, zone, true)}>
      {relative(at, now)}
    </time>
  );
}

export function AbsoluteTime({ at, absent = "–" }: RelativeTimeProps) {
  const zone = useZone();
  const now = useNow();
  if (at === null || at === undefined) return <span className="numbers">{absent}</span>;
  return (
    <time className="numbers" dateTime={new Date(at * 1000).toISOString()} title={`${relative(at, now)} (${zone})`}>
      {absolute(at, zone)}
    </time>
  );
}

/** From one moment to another, or until now. */
export function Duration({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  if (from === null || from === undefined) return <span className="numbers">–</span>;
  if (to !== null && to !== undefined) return <span className="numbers">{duration(to - from)}</span>;
  return <SoFar from={from} />;
}

function SoFar({ from }: { from: number }) {
  const now = useNow();
  return <span className="numbers">{duration(Math.floor(Math.max(0, now - from)))}</span>;
}
