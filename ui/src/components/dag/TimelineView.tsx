// A run as bars over time. Lines of tasks in the order in which they began; only those in sight are there.
import { type ReactNode, useMemo, useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useNow, useZone } from "~/app/clock";
import { Link } from "~/app/router";
import { marks } from "~/models/durations.model";
import { links } from "~/models/links.model";
import { isOpenRun, stateOf, wordOf } from "~/models/states.model";
import { absolute, duration } from "~/models/time.model";
import { lanesOf, type Line, linesOf, spanOf, type Timeline } from "~/models/timeline.model";
import { ChevronIcon } from "../icons";
import { StateGlyph } from "../StateGlyph";
import { Duration } from "../Time";
import css from "./TimelineView.module.css";

export interface TimelineViewProps {
  timeline: Timeline;
  unfolded: ReadonlySet<string>;
  onUnfold: (task: string) => void;
  chooser?: ReactNode;
}

const ROW = 28;
const BARS_MAX = 400; // in one line; of more, every so-manieth is drawn

export function TimelineView({ timeline, unfolded, onUnfold, chooser }: TimelineViewProps) {
  const isOpen = isOpenRun(timeline.state);
  const ticking = useNow();
  const now = isOpen ? ticking : (timeline.times[2] ?? ticking);
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => linesOf(timeline, unfolded), [timeline, unfolded]);
  const [first, last] = spanOf(timeline, now);
  const length = last - first;
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 10 });
  const scale = marks(length).filter((mark) => mark <= length);
  return (
    <div className={css.page}>
      <header className={css.head}>
        {chooser}
        {chooser === undefined && <StateGlyph state={timeline.state} named />}
        <Duration from={timeline.times[1]} to={timeline.times[2]} />
        {timeline.cut && <span className={css.soft}>Only the first 20,000 tries are drawn.</span>}
      </header>
      <div className={css.scroll} ref={box} tabIndex={0} role="region" aria-label="Tries of tasks over time">
        <div className={css.axis}>
          <span className={css.nameless} />
          <div className={css.marks}>
            {scale.map((mark) => (
              <span key={mark} className={css.mark} style={{ left: `${(100 * mark) / length}%` }}>
                {mark === 0 ? absolute(first, zone).slice(11) : `+${duration(mark)}`}
              </span>
            ))}
          </div>
        </div>
        <div className={css.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index]!;
            return (
              <div key={line.key} className={css.line} style={{ height: ROW, transform: `translateY(${item.start}px)` }}>
                <LineName timeline={timeline} line={line} unfolded={unfolded} onUnfold={onUnfold} />
                <div className={css.bars}>
                  {scale.map((mark) => (
                    <span key={mark} className={css.rule} style={{ left: `${(100 * mark) / length}%` }} />
                  ))}
                  <Bars timeline={timeline} line={line} first={first} length={length} now={now} />
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function LineName({ timeline, line, unfolded, onUnfold }: { timeline: Timeline; line: Line; unfolded: ReadonlySet<string>; onUnfold: (task: string) => void }) {
  const task = timeline.tasks[line.place]!;
  const isMapped = line.bars.some((bar) => bar[1] >= 0);
  // The end of a name is what tells it from its neighbours, so its groups give way first.
  const group = line.key.slice(0, task.lastIndexOf(".") + 1);
  const href = links.task(timeline.dag_id, timeline.dag_run_id, task, { map: line.mapIndex });
  return (
    <span className={css.name}>
      {isMapped && line.mapIndex <= 0 ? (
        <button type="button" className={css.fold} data-open={unfolded.has(task) || undefined} aria-label={`${unfolded.has(task) ? "Fold" : "Unfold"} ${task}`} aria-expanded={unfolded.has(task)} onClick={() => onUnfold(task)}>
          <ChevronIcon />
        </button>
      ) : (
        <span className={css.fold} />
      )}
      <Link href={href} className={css.task} title={line.key}>
        {group !== "" && <span className={css.group}>{group}</span>}
        <span className={css.own}>{line.key.slice(group.length)}</span>
      </Link>
      {isMapped && line.mapIndex < 0 && <span className={css.many}>×{new Set(line.bars.map((bar) => bar[1])).size}</span>}
    </span>
  );
}

function Bars({ timeline, line, first, length, now }: { timeline: Timeline; line: Line; first: number; length: number; now: number }) {
  const { lane, many } = lanesOf(line.bars, now);
  const every = Math.ceil(line.bars.length / BARS_MAX);
  const height = many === 1 ? 14 : Math.max(3, Math.floor(20 / many));
  return line.bars.map((bar, at) => {
    const [, index, tries, state, begun, ended] = bar;
    if (begun === null || at % every !== 0) return null;
    const over = ended ?? now;
    const words = `${timeline.tasks[line.place]}${index >= 0 ? `[${index}]` : ""}, try ${tries}: ${wordOf(state)}, ${duration(over - begun)}`;
    return (
      <Link
        key={`${index} ${tries} ${at}`}
        href={links.task(timeline.dag_id, timeline.dag_run_id, timeline.tasks[line.place]!, { map: index, try: tries })}
        className={css.bar}
        data-state={stateOf(state)}
        data-open={ended === null || undefined}
        title={words}
        aria-label={words}
        tabIndex={many > 1 ? -1 : 0}
        style={{
          left: `${(100 * (begun - first)) / length}%`,
          width: `max(3px, ${(100 * Math.max(0, over - begun)) / length}%)`,
          top: many === 1 ? 6 : 3 + lane[at]! * (22 / many),
          height,
          background: `var(--state-${stateOf(state)})`,
        }}
      />
    );
  });
}
