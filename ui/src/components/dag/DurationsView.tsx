// Lengths over time: a bar for each run, with what it waited before, and a line of small bars for each task.
import { useMemo, useState } from "react";
import { useNow, useZone } from "~/app/clock";
import { Link } from "~/app/router";
import { type Durations, marks, median, runBars, type TaskLengths } from "~/models/durations.model";
import { links } from "~/models/links.model";
import { stateOf, wordOf } from "~/models/states.model";
import { absolute, duration } from "~/models/time.model";
import { type Column, DataTable } from "../DataTable";
import { Select } from "../Field";
import { Empty } from "../Panel";
import css from "./DurationsView.module.css";

export interface DurationsViewProps {
  dagId: string;
  known: Durations;
  tasks: TaskLengths[];
  many: string;
  onMany: (many: string) => void;
  sort: string;
  onSort: (sort: string) => void;
}

const HEIGHT = 180;
const STANDS_OUT = 1.5;

export function DurationsView(props: DurationsViewProps) {
  const { known, tasks, sort, dagId } = props;
  const ordered = useMemo(() => {
    const by = sort.replace("-", "");
    const sign = sort.startsWith("-") ? -1 : 1;
    const value = (one: TaskLengths) => (by === "last" ? one.last : by === "change" ? one.change : one.median) ?? -1;
    return [...tasks].sort((a, b) => (by === "task" ? sign * a.taskId.localeCompare(b.taskId, "en", { numeric: true }) : sign * (value(a) - value(b))));
  }, [tasks, sort]);
  const columns = useMemo<Column<TaskLengths>[]>(
    () => [
      { id: "task", header: "Task", width: "2 1 140px", sort: "task", cell: (one) => one.taskId },
      { id: "bars", header: "Run by run", width: "3 1 160px", from: 480, cell: (one) => <Small one={one} /> },
      { id: "median", header: "Median", width: "84px", align: "end", sort: "median", cell: (one) => told(one.median) },
      { id: "last", header: "Last", width: "84px", align: "end", sort: "last", cell: (one) => told(one.last) },
      { id: "change", header: "Beside the median", width: "124px", align: "end", from: 640, sort: "change", cell: (one) => <Change one={one} /> },
    ],
    [],
  );
  if (known.runs.length === 0) {
    return (
      <Empty title="There are no runs yet.">
        <p>How long its runs and tasks take will be drawn here.</p>
      </Empty>
    );
  }
  return (
    <div className={css.page}>
      <RunChart dagId={dagId} known={known} many={props.many} onMany={props.onMany} />
      <div className={css.table}>
        <DataTable label="How long tasks take" columns={columns} rows={ordered} keyOf={(one) => one.taskId} sort={sort} onSort={props.onSort} rowHeight={36} />
      </div>
    </div>
  );
}

const told = (seconds: number | null) => <span className="numbers">{seconds === null ? "–" : duration(seconds)}</span>;

function RunChart({ dagId, known, many, onMany }: { dagId: string; known: Durations; many: string; onMany: (many: string) => void }) {
  const now = useNow();
  const zone = useZone();
  const [at, setAt] = useState<number | null>(null);
  const bars = runBars(known.runs, now);
  const most = Math.max(0.001, ...bars.map((one) => (one.took ?? 0) + one.wait));
  const scale = marks(most);
  const top = scale[scale.length - 1] || 1;
  const mid = median(bars.flatMap((one) => (one.took === null || one.state !== "success" ? [] : [one.took])));
  const one = at === null ? null : bars[at];
  return (
    <section className={css.chart} aria-label="How long runs took">
      <header className={css.head}>
        <h2>Runs</h2>
        <p className={css.said} role="status">
          {one
            ? `${absolute(one.date, zone)}: ${wordOf(one.state)}${one.took === null ? "" : ` after ${duration(one.took)}`}${one.wait >= 1 ? `, waited ${duration(one.wait)}` : ""}`
            : mid === null
              ? ""
              : `The median of those that succeeded is ${duration(mid)}.`}
        </p>
        <Select aria-label="How many runs" value={many} onChange={(event) => onMany(event.target.value)}>
          {["25", "50", "100"].map((n) => (
            <option key={n} value={n}>
              {n} runs
            </option>
          ))}
        </Select>
      </header>
      <div className={css.plot} style={{ height: HEIGHT }}>
        {scale.map((mark) => (
          <span key={mark} className={css.mark} style={{ bottom: `${(100 * mark) / top}%` }}>
            <span>{mark === 0 ? "0" : duration(mark)}</span>
          </span>
        ))}
        {mid !== null && <span className={css.median} style={{ bottom: `${(100 * mid) / top}%` }} />}
        <div className={css.bars} onPointerLeave={() => setAt(null)}>
          {bars.map((bar, n) => (
            <Link
              key={bar.runId}
              href={links.run(dagId, bar.runId)}
              className={css.bar}
              aria-label={`${absolute(bar.date, zone)}: ${wordOf(bar.state)}${bar.took === null ? "" : `, ${duration(bar.took)}`}`}
              onPointerEnter={() => setAt(n)}
              onFocus={() => setAt(n)}
            >
              <span className={css.wait} style={{ height: `${(100 * bar.wait) / top}%` }} />
              <span className={css.took} data-state={stateOf(bar.state)} style={{ height: `${(100 * (bar.took ?? 0)) / top}%`, background: `var(--state-${stateOf(bar.state)})` }} />
            </Link>
          ))}
        </div>
      </div>
    </section>
  );
}

function Small({ one }: { one: TaskLengths }) {
  return (
    <span className={css.small} role="img" aria-label={one.seconds.map((n) => (n === null ? "none" : duration(n))).join(", ")}>
      {one.seconds.map((n, at) => (
        <span key={at} className={css.smallBar} style={{ height: n === null ? 0 : `${Math.max(6, (100 * n) / (one.most || 1))}%` }} />
      ))}
    </span>
  );
}

function Change({ one }: { one: TaskLengths }) {
  if (one.change === null || (one.last ?? 0) < 0.2) return <span className="numbers">–</span>;
  const percent = Math.round((one.change - 1) * 100);
  const words = percent === 0 ? "the same" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
  return (
    <span className="numbers" data-out={one.change >= STANDS_OUT || undefined}>
      {one.change >= STANDS_OUT ? <b className={css.out}>▲ {words}</b> : words}
    </span>
  );
}
