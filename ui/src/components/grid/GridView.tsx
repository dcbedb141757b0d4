// The grid: runs from left to right, tasks from top to bottom. Only what is in sight is painted, on a canvas; the names at
// the left are text. The keyboard walks it as one grid whose active cell is told to those who hear the page.
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { now as serverNow, useZone } from "~/app/clock";
import { useTheme } from "~/app/theme";
import { ABSENT, cellOf, countsWords, type Grid, type Instances, moved, type Row, stateAt } from "~/models/grid.model";
import { wordOf } from "~/models/states.model";
import { absolute, duration } from "~/models/time.model";
import { ChevronIcon } from "../icons";
import { type Brush, COLUMN, HEAD, longestOf, longestWords, paint, ROW, type Scene } from "./draw";
import { glyphsOf, inkOf } from "./glyphs";
import css from "./GridView.module.css";

export interface Place {
  row: number; // −1: the run as a whole
  column: number;
}

export interface GridViewProps {
  grid: Grid;
  rows: Row[];
  instances: Instances;
  chosen: Place | null;
  onChoose: (place: Place) => void;
  onToggle: (row: Row) => void;
  onOpen: (place: Place) => void;
  onOlder: () => void;
  label: string;
}

const LABELS = 240;
const LABELS_NARROW = 132;
const OLDER_PX = 200;
const TURN_MS = 80;

const scheme = matchMedia("(prefers-color-scheme: dark)");
function onScheme(watcher: () => void): () => void {
  scheme.addEventListener("change", watcher);
  return () => scheme.removeEventListener("change", watcher);
}

export function GridView({ grid, rows, instances, chosen, onChoose, onToggle, onOpen, onOlder, label }: GridViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const isDark = useSyncExternalStore(onScheme, () => scheme.matches);
  const zone = useZone();
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [first, setFirst] = useState(0); // the first row whose name is there
  const labels = size.width > 0 && size.width < 560 ? LABELS_NARROW : LABELS;
  const { runs } = grid;
  const cellsWidth = Math.max(0, size.width - labels);
  const contentWidth = runs.length * COLUMN;
  const hovered = useRef<Place | null>(null);
  const brush = useRef<Brush | null>(null);
  const longest = useMemo(() => longestOf(runs, serverNow()), [runs]);
  const state = useRef({ grid, rows, instances, chosen, size, labels, longest });
  state.current = { grid, rows, instances, chosen, size, labels, longest };
  const painter = useRef<{ frame: number; timer: number | undefined }>({ frame: 0, timer: undefined });

  const draw = () => {
    const scroller = box.current;
    if (scroller === null || brush.current === null) return;
    const { grid, rows, instances, chosen, size, labels, longest } = state.current;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const scene: Scene = {
      runs: grid.runs,
      rows,
      instances,
      chosen,
      hovered: hovered.current,
      now: serverNow(),
      longest,
      phase: still ? 0 : ((performance.now() / 1400) % 1) * 2 * Math.PI + 0.001,
    };
    const sight = { width: size.width - labels, height: size.height, left: scroller.scrollLeft, top: scroller.scrollTop };
    const moves = paint(brush.current, scene, sight);
    if (names.current !== null) names.current.style.transform = `translateY(${-scroller.scrollTop}px)`;
    window.clearTimeout(painter.current.timer);
    if (moves && !still) painter.current.timer = window.setTimeout(soon, TURN_MS);
  };
  const soon = () => {
    cancelAnimationFrame(painter.current.frame);
    painter.current.frame = requestAnimationFrame(draw);
  };
  useEffect(
    () => () => {
      cancelAnimationFrame(painter.current.frame);
      window.clearTimeout(painter.current.timer);
    },
    [],
  );

  // Its size, its density and its inks.
  useLayoutEffect(() => {
    const scroller = box.current!;
    const look = () => setSize({ width: scroller.clientWidth, height: scroller.clientHeight });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(scroller);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const paper = canvas.current!;
    const density = window.devicePixelRatio || 1;
    paper.width = Math.max(1, Math.round(cellsWidth * density));
    paper.height = Math.max(1, Math.round(size.height * density));
    const pen = paper.getContext("2d")!;
    pen.setTransform(density, 0, 0, density, 0, 0);
    const ink = inkOf(paper);
    brush.current = { pen, ink, glyphs: glyphsOf(ink, 14, density), font: getComputedStyle(paper).fontFamily };
    draw();
  }, [cellsWidth, size.height, theme, isDark]);

  // The newest runs are in sight at first, and stay so while somebody looks at them; older ones come in at the left.
  const known = useRef({ first: runs[0]?.number, many: 0, width: 0 });
  useLayoutEffect(() => {
    const scroller = box.current!;
    const before = known.current;
    if (size.width > 0) {
      const wasAtEnd = scroller.scrollLeft >= before.many * COLUMN - before.width - COLUMN;
      if (before.width === 0 || wasAtEnd) scroller.scrollLeft = contentWidth;
      else if (before.first !== runs[0]?.number) scroller.scrollLeft += (runs.length - before.many) * COLUMN;
      known.current = { first: runs[0]?.number, many: runs.length, width: cellsWidth };
    }
    draw();
  }, [runs, size.width, cellsWidth]);
  useLayoutEffect(draw, [rows, instances, chosen]);
  // What one has chosen is in sight.
  const { row: chosenRow, column: chosenColumn } = chosen ?? { row: -1, column: -1 };
  useLayoutEffect(() => {
    const scroller = box.current!;
    if (size.width === 0) return;
    if (chosenRow >= 0) {
      const top = chosenRow * ROW;
      const room = size.height - HEAD;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + ROW > scroller.scrollTop + room) scroller.scrollTop = top + ROW - room;
    }
    if (chosenColumn >= 0) {
      const left = chosenColumn * COLUMN;
      if (left < scroller.scrollLeft) scroller.scrollLeft = left;
      else if (left + COLUMN > scroller.scrollLeft + cellsWidth) scroller.scrollLeft = left + COLUMN - cellsWidth;
    }
  }, [chosenRow, chosenColumn, size.width, size.height]);

  const inSight = Math.ceil((size.height - HEAD) / ROW) + 16;
  const asked = useRef(0);
  const scrolled = () => {
    const scroller = box.current!;
    const row = Math.max(0, Math.floor(scroller.scrollTop / ROW) - 8);
    const step = row - (row % 8);
    if (step !== first) flushSync(() => setFirst(step));
    draw();
    if (grid.hasOlder && scroller.scrollLeft < OLDER_PX && asked.current !== runs.length && contentWidth > cellsWidth) {
      asked.current = runs.length;
      onOlder();
    }
  };

  const placeAt = (event: { clientX: number; clientY: number }): (Place & { onName: boolean; x: number }) | null => {
    const scroller = box.current!;
    const area = scroller.getBoundingClientRect();
    const x = event.clientX - area.left - labels;
    const y = event.clientY - area.top;
    const row = y < HEAD ? -1 : Math.floor((y - HEAD + scroller.scrollTop) / ROW);
    const column = x < 0 ? -1 : Math.floor((x + scroller.scrollLeft) / COLUMN);
    if (row >= rows.length || column >= runs.length) return null;
    return { row, column, onName: x < 0, x: x + labels };
  };
  const hover = (place: Place | null, event?: PointerEvent) => {
    const before = hovered.current;
    if (before?.row === place?.row && before?.column === place?.column) return;
    hovered.current = place;
    soon();
    const shown = tip.current!;
    const cell = place !== null && place.column >= 0 && event !== undefined ? wordsOf(place, true) : null;
    shown.hidden = cell === null;
    if (cell === null || event === undefined) return;
    shown.textContent = cell;
    const area = box.current!.getBoundingClientRect();
    const x = event.clientX - area.left;
    shown.style.transform = `translate(${Math.min(x + 14, area.width - 20)}px, ${event.clientY - area.top + 16}px)${x > area.width - 260 ? " translateX(-100%)" : ""}`;
  };
  const click = (event: { clientX: number; clientY: number }) => {
    const place = placeAt(event);
    if (place === null) return;
    if (place.onName) {
      const row = rows[place.row];
      if (row === undefined) return;
      if (row.folds) onToggle(row);
      else onChoose({ row: place.row, column: chosen?.column ?? runs.length - 1 });
    } else onChoose({ row: place.row, column: place.column });
  };
  const key = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || event.ctrlKey || rows.length === 0 || runs.length === 0) return;
    const at = chosen ?? { row: -1, column: runs.length };
    const row = rows[at.row];
    const next = chosen === null && event.key.startsWith("Arrow") ? { row: 0, column: runs.length - 1 } : moved(at, event.key, rows.length, runs.length);
    if (next !== null) {
      // Above the first row is the run itself.
      onChoose(event.key === "ArrowUp" && at.row <= 0 ? { row: -1, column: at.column } : next);
    } else if (event.key === " " && row?.folds) onToggle(row);
    else if (event.key === "Enter" && chosen !== null) onOpen(chosen);
    else return;
    event.preventDefault();
  };

  const wordsOf = (place: Place, short = false): string => {
    const run = runs[place.column];
    if (run === undefined) return "";
    const when = absolute(run.date ?? run.queued, zone);
    const took = run.started === null ? "" : `, ${duration((run.ended ?? serverNow()) - run.started)}`;
    const row = rows[place.row];
    if (row === undefined) return `Run of ${when}: ${wordOf(run.state)}${took}${short ? `\n${run.runId}` : ""}`;
    const cell = cellOf(run, row, instances);
    const said =
      cell.code === ABSENT ? "not in this run" : cell.counts !== null ? countsWords(cell.counts, wordOf) : wordOf(stateAt(cell.code));
    const name = row.kind === "instance" ? `${row.taskId}${row.label}` : row.taskId;
    return short ? `${name}: ${said}\nRun of ${when}` : `${name}, run of ${when}: ${said}`;
  };

  const drawn = rows.slice(first, first + inSight);
  return (
    <div className={css.grid} style={{ ["--labels" as string]: `${labels}px` }}>
      <canvas ref={canvas} className={css.canvas} style={{ width: cellsWidth, height: size.height }} aria-hidden="true" />
      <div className={css.names} aria-hidden="true">
        <div ref={names} className={css.list} style={{ height: rows.length * ROW }}>
          {/* An element that goes out of sight at one end comes in at the other with another name. */}
          {drawn.map((row, at) => (
            <Name key={(first + at) % inSight} row={row} top={(first + at) * ROW} chosen={first + at === chosen?.row} />
          ))}
        </div>
        <div className={css.corner}>
          <span className="numbers">{longestWords(longest)}</span>
          <span>{`${runs.length}${grid.hasOlder ? "+" : ""} ${runs.length === 1 ? "run" : "runs"}`}</span>
        </div>
      </div>
      <div
        ref={box}
        className={css.scroller}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={runs.length}
        aria-activedescendant={chosen === null ? undefined : "grid-cell"}
        aria-readonly="true"
        tabIndex={0}
        onScroll={scrolled}
        onKeyDown={key}
        onClick={click}
        onPointerMove={(event) => hover(placeAt(event), event)}
        onPointerLeave={() => hover(null)}
      >
        <div role="row" aria-rowindex={(chosen?.row ?? -1) + 2} className={css.sizer} style={{ width: labels + contentWidth, height: HEAD + rows.length * ROW }}>
          <span id="grid-cell" role="gridcell" aria-colindex={(chosen?.column ?? 0) + 1} aria-selected={chosen !== null} className="unseen">
            {chosen === null ? "No cell is chosen" : wordsOf(chosen)}
          </span>
        </div>
      </div>
      <div ref={tip} className={css.tip} hidden />
    </div>
  );
}

const Name = memo(function Name({ row, top, chosen }: { row: Row; top: number; chosen: boolean }) {
  return (
    <div className={css.name} data-kind={row.kind} data-chosen={chosen || undefined} style={{ transform: `translateY(${top}px)`, paddingLeft: 8 + row.depth * 14 }}>
      <span className={css.fold} data-open={row.open || undefined}>
        {row.folds && <ChevronIcon />}
      </span>
      <span className={css.text} title={row.taskId}>
        {row.label}
      </span>
      {row.many > 0 && <span className={css.many}>{row.kind === "group" ? row.many : `×${row.many}`}</span>}
    </div>
  );
});
