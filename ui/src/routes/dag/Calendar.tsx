// A year of a DAG's runs, a square for each day.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { calendarQuery, comingQuery } from "~/api/dagQueries";
import { now, useZone } from "~/app/clock";
import { useQuery as useAddressed } from "~/app/router";
import { CalendarView } from "~/components/dag/CalendarView";
import { Failure } from "~/components/Panel";
import { daysOf } from "~/models/calendar.model";
import type { DagTabProps } from "../Dag";

const AHEAD = 100;

export default function Calendar({ dagId }: DagTabProps) {
  const zone = useZone();
  const thisYear = new Date(now() * 1000).getUTCFullYear();
  const [asked, setYear] = useAddressed("year", String(thisYear));
  const year = /^\d{4}$/.test(asked) ? Number(asked) : thisYear;
  // A day more at each end, for zones before and behind.
  const since = Math.max(0, Date.UTC(year, 0, 1) / 1000 - 86_400);
  const counts = useQuery(calendarQuery(dagId, since));
  const coming = useQuery(comingQuery(dagId, AHEAD));
  const days = useMemo(
    () => daysOf(year, counts.data, zone, (coming.data?.dates ?? []).map(([due, date]) => date ?? due)),
    [year, counts.data, zone, coming.data],
  );
  if (counts.error !== null && counts.data === undefined) return <Failure error={counts.error} again={() => void counts.refetch()} />;
  return <CalendarView year={year} thisYear={thisYear} days={days} onYear={(next) => setYear(String(next))} />;
}
