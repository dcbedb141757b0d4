// A year as squares: weeks from left to right, the days of a week from top to bottom. Arrows walk the days.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type Day, dayWords, monthsOf, toneOf } from "~/models/calendar.model";
import { Button } from "../Button";
import { ChevronIcon } from "../icons";
import css from "./CalendarView.module.css";

export interface CalendarViewProps {
  year: number;
  thisYear: number;
  days: Day[];
  onYear: (year: number) => void;
}

const SIDE = 13;
const STEP = 16;
const LEFT = 30;
const TOP = 18;

export function CalendarView({ year, thisYear, days, onYear }: CalendarViewProps) {
  const [at, setAt] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  // Where the year is wider than the screen, its newest runs are in sight.
  const newest = days[days.findLastIndex((one) => one.all > 0)]?.week;
  useEffect(() => {
    const scroller = box.current!;
    if (newest !== undefined) scroller.scrollLeft = LEFT + newest * STEP - scroller.clientWidth * 0.75;
  }, [newest, year]);
  const most = Math.max(1, ...days.map((one) => one.all));
  const total = days.reduce((sum, one) => ({ all: sum.all + one.all, failed: sum.failed + one.failed, good: sum.good + one.success }), { all: 0, failed: 0, good: 0 });
  const shown = at === null ? null : days[at];
  const key = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const from = at ?? days.findLastIndex((one) => one.all > 0);
    setAt(Math.max(0, Math.min(days.length - 1, (from < 0 ? 0 : from) + step)));
  };
  return (
    <div className={css.page}>
      <div className={css.head}>
        <Button size="small" kind="quiet" label="The year before" onClick={() => onYear(year - 1)}>
          <span className={css.back}>
            <ChevronIcon />
          </span>
        </Button>
        <h2 className="numbers">{year}</h2>
        <Button size="small" kind="quiet" label="The year after" disabled={year > thisYear} onClick={() => onYear(year + 1)}>
          <ChevronIcon />
        </Button>
        <span className={css.sums}>
          {total.all === 0 ? "no runs" : `${total.all} runs: ${total.good} succeeded, ${total.failed} failed`}
        </span>
      </div>
      <div className={css.scroll} ref={box}>
        <svg
          className={css.year}
          width={LEFT + 54 * STEP}
          height={TOP + 7 * STEP}
          role="application"
          aria-label={`Runs in ${year}, day by day. Arrows walk the days.`}
          aria-describedby="calendar-day"
          tabIndex={0}
          onKeyDown={key}
          onMouseLeave={() => setAt(null)}
        >
          {monthsOf(days).map((month) => (
            <text key={month.label} x={LEFT + month.week * STEP} y={11} className={css.word}>
              {month.label}
            </text>
          ))}
          {["Mon", "Wed", "Fri"].map((word, n) => (
            <text key={word} x={0} y={TOP + n * 2 * STEP + 11} className={css.word}>
              {word}
            </text>
          ))}
          {days.map((day, n) => {
            const { tone, strength } = toneOf(day, most);
            const x = LEFT + day.week * STEP;
            const y = TOP + day.weekday * STEP;
            return (
              <g key={day.day} onMouseEnter={() => setAt(n)}>
                <rect x={x} y={y} width={SIDE} height={SIDE} rx={3} className={css.day} data-tone={tone} data-strength={strength} data-at={n === at || undefined} />
                {/* Failures are told by a shape, too. */}
                {day.failed > 0 && <path d={`M${x + SIDE} ${y + SIDE - 7}v7h-7z`} className={css.failed} />}
              </g>
            );
          })}
        </svg>
      </div>
      <p id="calendar-day" className={css.said} role="status">
        {shown ? dayWords(shown) : "Each square is a day; the darker it is, the more runs it had."}
      </p>
      <ul className={css.legend}>
        {[
          ["good", "all succeeded"],
          ["mixed", "some failed"],
          ["bad", "all failed"],
          ["open", "under way"],
          ["planned", "planned"],
        ].map(([tone, word]) => (
          <li key={tone}>
            <svg width={SIDE} height={SIDE} aria-hidden="true">
              <rect x={0.5} y={0.5} width={SIDE - 1} height={SIDE - 1} rx={3} className={css.day} data-tone={tone} data-strength={3} />
              {(tone === "mixed" || tone === "bad") && <path d={`M${SIDE} ${SIDE - 7}v7h-7z`} className={css.failed} />}
            </svg>
            {word}
          </li>
        ))}
      </ul>
    </div>
  );
}
