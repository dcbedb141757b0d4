// A DAG drawn from left to right. Boxes in sight are elements, so that they can be reached by keyboard and read; from far
// away, and on the small map, all of it is painted.
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Drawing, fitted, type View, zoomed } from "~/models/drawing.model";
import type { Graph } from "~/models/graph.model";
import { type Cell, countsWords, stateAt } from "~/models/grid.model";
import { type Box, type Laid, type LaidEdge, middleOf, pathOf } from "~/models/layout.model";
import { wordOf } from "~/models/states.model";
import { Button } from "../Button";
import { AssetIcon, ChevronIcon } from "../icons";
import { StateGlyph } from "../StateGlyph";
import { FarPicture, SmallMap } from "./pictures";
import css from "./GraphView.module.css";

export interface GraphViewProps {
  graph: Graph;
  drawing: Drawing;
  laid: Laid;
  /** How a task stands in the run that is shown; null where there is none. */
  cellOf: (taskId: string) => Cell | null;
  groupCell: (group: number) => Cell | null;
  chosen: string | null; // a task
  folded: ReadonlySet<string>;
  onChoose: (taskId: string) => void;
  onFold: (group: string) => void;
  onOpen: (taskId: string) => void;
  label: string;
  /** By which the view is found again. */
  place: string;
  tools?: ReactNode;
}

const FAR = 0.32; // below this scale words cannot be read
const NEAR_MAX = 700; // more boxes in sight than these are painted
const MAP_FROM = 30;
const READABLE = 0.6; // all of it at once only where its words can be read
const START = 0.8;
const views = new Map<string, View>();

export function GraphView(props: GraphViewProps) {
  const { graph, drawing, laid, chosen, onChoose, onOpen, label, place } = props;
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View | null>(() => views.get(place) ?? null);
  useLayoutEffect(() => {
    const element = box.current!;
    const look = () => setRoom({ width: element.clientWidth, height: element.clientHeight });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // At first all of it; of what is too large for that, its beginning at a size that can be read.
  const first = useMemo(() => {
    const all = fitted(laid.width, laid.height, room);
    return all.scale >= READABLE ? all : { x: 20, y: (room.height - laid.height * START) / 2, scale: START };
  }, [laid, room.width > 0]);
  const shown = view ?? first;
  const move = useCallback(
    (next: View) => {
      views.set(place, next);
      setView(next);
    },
    [place],
  );
  const fit = () => move(fitted(laid.width, laid.height, room));
  const zoom = (by: number) => move(zoomed(shown, by, room.width / 2, room.height / 2));
  usePointer(box, shown, move);

  const sight = { left: -shown.x / shown.scale, top: -shown.y / shown.scale, right: (room.width - shown.x) / shown.scale, bottom: (room.height - shown.y) / shown.scale };
  const inSight = (one: Box | null): one is Box => one !== null && one.x < sight.right + 40 && one.x + one.width > sight.left - 40 && one.y < sight.bottom + 40 && one.y + one.height > sight.top - 40;
  const nodes = laid.nodes.flatMap((one, at) => (inSight(one) ? [at] : []));
  const isFar = shown.scale < FAR || nodes.length > NEAR_MAX;
  const edges = isFar ? [] : laid.edges.filter((edge) => crosses(edge, sight));

  // What was chosen elsewhere comes into sight.
  const chosenBox = chosen === null ? null : (laid.nodes[graph.tasks.indexOf(chosen)] ?? null);
  useEffect(() => {
    if (chosenBox === null || room.width === 0) return;
    const x = chosenBox.x * shown.scale + shown.x;
    const y = chosenBox.y * shown.scale + shown.y;
    const out = x < 0 || y < 0 || x + chosenBox.width * shown.scale > room.width || y + chosenBox.height * shown.scale > room.height;
    if (out || isFar) {
      const scale = Math.max(shown.scale, 0.8);
      move({ scale, x: room.width / 2 - (chosenBox.x + chosenBox.width / 2) * scale, y: room.height / 2 - (chosenBox.y + chosenBox.height / 2) * scale });
    }
  }, [chosen, laid, room.width > 0]);

  const step = (event: KeyboardEvent) => {
    if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Enter" && chosen !== null && event.target === box.current) onOpen(chosen);
    else if (event.key.startsWith("Arrow")) {
      const next = nextBox(laid, graph, chosen === null ? -1 : graph.tasks.indexOf(chosen), event.key);
      if (next >= 0) onChoose(graph.tasks[next]!);
    } else return;
    event.preventDefault();
  };
  return (
    <div className={css.graph}>
      <div ref={box} className={css.paper} tabIndex={0} role="application" aria-label={`${label}. Arrows walk the tasks.`} onKeyDown={step}>
        {room.width > 0 && (
          <>
            {isFar && <FarPicture laid={laid} drawing={drawing} graph={graph} cellOf={props.cellOf} groupCell={props.groupCell} view={shown} room={room} />}
            <div className={css.moved} style={{ transform: `translate(${shown.x}px, ${shown.y}px) scale(${shown.scale})` }} onClick={(event) => event.stopPropagation()}>
              {!isFar && laid.groups.map((one, at) => (inSight(one) ? <Group key={graph.groups[at]![0]} {...props} at={at} box={one} /> : null))}
              {!isFar && (
                <svg className={css.lines} width={laid.width + 1} height={laid.height + 1} aria-hidden="true">
                  {edges.map((edge) => (
                    <Line key={`${edge.from} ${edge.to}`} edge={edge} {...props} />
                  ))}
                </svg>
              )}
              {!isFar && nodes.map((at) => <Node key={at} {...props} at={at} box={laid.nodes[at]!} />)}
            </div>
          </>
        )}
        <p className="unseen" role="status">
          {chosen === null ? "" : wordsOf(chosen, props.cellOf(chosen))}
        </p>
      </div>
      {laid.nodes.length > MAP_FROM && room.width > 640 && <SmallMap laid={laid} drawing={drawing} graph={graph} cellOf={props.cellOf} groupCell={props.groupCell} view={shown} room={room} onMove={move} />}
      <div className={css.tools}>
        {props.tools}
        <Button size="small" label="Closer ( + )" onClick={() => zoom(1.3)}>
          +
        </Button>
        <Button size="small" label="Further away ( − )" onClick={() => zoom(1 / 1.3)}>
          −
        </Button>
        <Button size="small" title="All of it ( 0 )" onClick={fit}>
          Fit
        </Button>
      </div>
    </div>
  );
}

function wordsOf(task: string, cell: Cell | null): string {
  if (cell === null) return task;
  return `${task}: ${cell.counts !== null ? countsWords(cell.counts, wordOf) : wordOf(stateAt(cell.code))}`;
}

function crosses({ points }: LaidEdge, sight: { left: number; right: number; top: number; bottom: number }): boolean {
  let [left, top] = points[0]!;
  let [right, bottom] = [left, top];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return left < sight.right && right > sight.left && top < sight.bottom && bottom > sight.top;
}

/** The nearest in the direction of the arrow, sideways counting double. */
function nextBox(laid: Laid, graph: Graph, from: number, key: string): number {
  const there = graph.tasks.flatMap((_, at) => (laid.nodes[at] !== null ? [at] : []));
  const here = laid.nodes[from];
  if (!here) return there.sort((a, b) => laid.nodes[a]!.x - laid.nodes[b]!.x)[0] ?? -1;
  const isLevel = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  let best = -1;
  let least = Infinity;
  for (const at of there) {
    const one = laid.nodes[at]!;
    const dx = one.x - here.x;
    const dy = one.y + one.height / 2 - here.y - here.height / 2;
    const along = sign * (isLevel ? dx : dy);
    if (at === from || along <= 1) continue;
    const far = along + 2 * Math.abs(isLevel ? dy : dx);
    if (far < least) {
      least = far;
      best = at;
    }
  }
  return best;
}

/** Dragging moves, the wheel and two fingers zoom. */
function usePointer(box: React.RefObject<HTMLDivElement | null>, view: View, move: (view: View) => void): void {
  const latest = useRef({ view, move });
  latest.current = { view, move };
  useEffect(() => {
    const element = box.current!;
    const fingers = new Map<number, { x: number; y: number }>();
    let moved = 0;
    const at = (event: { clientX: number; clientY: number }) => {
      const area = element.getBoundingClientRect();
      return { x: event.clientX - area.left, y: event.clientY - area.top };
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { view, move } = latest.current;
      if (event.shiftKey) return move({ ...view, x: view.x - event.deltaY - event.deltaX, y: view.y });
      const { x, y } = at(event);
      move(zoomed(view, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), x, y));
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0 || (event.target as Element).closest("input, select")) return;
      fingers.set(event.pointerId, at(event));
      moved = 0;
    };
    const drag = (event: PointerEvent) => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const now = at(event);
      const { view, move } = latest.current;
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (moved > 4 && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      if (other !== undefined) {
        const ratio = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
        move(zoomed(view, ratio, (now.x + other.x) / 2, (now.y + other.y) / 2));
      } else if (moved > 4) move({ ...view, x: view.x + now.x - before.x, y: view.y + now.y - before.y });
      fingers.set(event.pointerId, now);
    };
    const up = (event: PointerEvent) => fingers.delete(event.pointerId);
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", drag);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", drag);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
    };
  }, [box]);
}

function Node({ graph, drawing, at, box, cellOf, chosen, onChoose, onOpen }: GraphViewProps & { at: number; box: Box }) {
  const node = drawing.nodes[at]!;
  const style = { transform: `translate(${box.x}px, ${box.y}px)`, width: box.width, height: box.height };
  if (node.kind === "asset") {
    return (
      <div className={css.node} data-kind="asset" style={style} title={graph.assets[node.at]![1]}>
        <AssetIcon />
        <span className={css.name}>{node.label}</span>
      </div>
    );
  }
  const task = graph.tasks[node.at]!;
  const cell = cellOf(task);
  const state = cell === null ? null : stateAt(cell.code);
  return (
    <button
      type="button"
      className={css.node}
      data-node={task}
      data-state={state ?? undefined}
      data-chosen={task === chosen || undefined}
      data-role={node.role || undefined}
      aria-pressed={task === chosen}
      aria-label={wordsOf(task, cell)}
      title={`${wordsOf(task, cell)}\n${graph.operators[graph.operator_of[node.at]!]}`}
      style={style}
      onClick={() => onChoose(task)}
      onDoubleClick={() => onOpen(task)}
    >
      <span className={css.top}>
        {cell !== null && <StateGlyph state={state} size={13} />}
        <span className={css.name}>{node.label}</span>
        {graph.isMapped.has(node.at) && <span className={css.many}>×{cell?.counts?.n ?? "n"}</span>}
      </span>
      {cell?.counts && <Counts cell={cell} />}
    </button>
  );
}

function Counts({ cell }: { cell: Cell }) {
  return (
    <span className={css.counts} aria-hidden="true">
      {[...cell.counts!.of].map((n, code) => (n > 0 ? <span key={code} style={{ flexGrow: n, background: `var(--state-${stateAt(code)})` }} /> : null)).reverse()}
    </span>
  );
}

function Group({ graph, at, box, folded, onFold, groupCell }: GraphViewProps & { at: number; box: Box }) {
  const [id, , label] = graph.groups[at]!;
  const isFolded = folded.has(id);
  const cell = groupCell(at);
  const name = label ?? id.split(".").pop()!;
  return (
    <div className={css.group} data-folded={isFolded || undefined} style={{ transform: `translate(${box.x}px, ${box.y}px)`, width: box.width, height: box.height }}>
      <button type="button" className={css.groupName} aria-expanded={!isFolded} title={`${isFolded ? "Unfold" : "Fold"} ${id}`} onClick={() => onFold(id)}>
        <span className={css.chevron} data-open={!isFolded || undefined}>
          <ChevronIcon />
        </span>
        {isFolded && cell !== null && <StateGlyph state={stateAt(cell.code)} size={13} />}
        <span className={css.name}>{name}</span>
        {isFolded && <span className={css.many}>{graph.membersOf(at).length}</span>}
      </button>
      {isFolded && cell?.counts && <Counts cell={cell} />}
    </div>
  );
}

function Line({ edge, graph, drawing, cellOf, chosen }: GraphViewProps & { edge: LaidEdge }) {
  const from = taskOf(graph, drawing, edge.from);
  const to = taskOf(graph, drawing, edge.to);
  const target = to === null ? null : cellOf(to);
  const source = from === null ? null : cellOf(from);
  const flows = target !== null && stateAt(target.code) === "running" && (source === null || stateAt(source.code) === "success");
  const word = drawing.words.get(`${edge.from} ${edge.to}`);
  const [x, y] = middleOf(edge.points);
  return (
    <g>
      <path d={pathOf(edge.points)} className={css.line} data-flows={flows || undefined} data-near={(chosen !== null && (from === chosen || to === chosen)) || undefined} data-many={edge.many > 1 || undefined} />
      {word !== undefined && (
        <text x={x} y={y - 5} className={css.word}>
          {word}
        </text>
      )}
    </g>
  );
}

function taskOf(graph: Graph, drawing: Drawing, id: string): string | null {
  const node = id.startsWith("n") ? drawing.nodes[Number(id.slice(1))] : undefined;
  return node?.kind === "task" ? graph.tasks[node.at]! : null;
}
