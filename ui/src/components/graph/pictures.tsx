// All of a graph at once, painted: from far away, and as the small map in the corner.
import { type PointerEvent, useLayoutEffect, useRef } from "react";
import { useTheme } from "~/app/theme";
import type { Drawing, View } from "~/models/drawing.model";
import type { Graph } from "~/models/graph.model";
import { type Cell, stateAt } from "~/models/grid.model";
import type { Laid } from "~/models/layout.model";
import { type Ink, inkOf } from "../grid/glyphs";
import css from "./GraphView.module.css";

export interface PictureProps {
  laid: Laid;
  drawing: Drawing;
  graph: Graph;
  cellOf: (taskId: string) => Cell | null;
  groupCell: (group: number) => Cell | null;
  view: View;
  room: { width: number; height: number };
}

const LINES_MAX = 20_000;

function paintAll(pen: CanvasRenderingContext2D, ink: Ink, props: PictureProps, view: View, withLines: boolean): void {
  const { laid, graph, drawing } = props;
  const x = (n: number) => view.x + n * view.scale;
  const y = (n: number) => view.y + n * view.scale;
  if (withLines && laid.edges.length <= LINES_MAX) {
    pen.strokeStyle = ink.lineStrong;
    pen.lineWidth = 0.6;
    pen.beginPath();
    for (const { points } of laid.edges) for (const [n, [px, py]] of points.entries()) n === 0 ? pen.moveTo(x(px), y(py)) : pen.lineTo(x(px), y(py));
    pen.stroke();
  }
  const colour = (cell: Cell | null) => {
    const state = cell === null ? null : stateAt(cell.code);
    return state === null ? ink.lineStrong : ink.state[state];
  };
  for (const [at, one] of laid.groups.entries()) {
    if (one === null) continue;
    const isFolded = laid.nodes[graph.membersOf(at)[0] ?? -1] === null;
    pen.fillStyle = isFolded ? colour(props.groupCell(at)) : ink.sunk;
    pen.fillRect(x(one.x), y(one.y), Math.max(1.5, one.width * view.scale), Math.max(1.5, one.height * view.scale));
  }
  for (const [at, one] of laid.nodes.entries()) {
    if (one === null) continue;
    const node = drawing.nodes[at]!;
    pen.fillStyle = node.kind === "asset" ? ink.accent : colour(props.cellOf(graph.tasks[node.at]!));
    pen.fillRect(x(one.x), y(one.y), Math.max(1.5, one.width * view.scale), Math.max(1.5, one.height * view.scale));
  }
}

function usePicture(props: PictureProps, size: { width: number; height: number }, view: View, withLines: boolean) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  useLayoutEffect(() => {
    const paper = canvas.current!;
    const density = window.devicePixelRatio || 1;
    paper.width = Math.round(size.width * density);
    paper.height = Math.round(size.height * density);
    const pen = paper.getContext("2d")!;
    pen.setTransform(density, 0, 0, density, 0, 0);
    paintAll(pen, inkOf(paper), props, view, withLines);
  }, [props.laid, props.cellOf, view.x, view.y, view.scale, size.width, size.height, theme]);
  return canvas;
}

export function FarPicture(props: PictureProps) {
  const canvas = usePicture(props, props.room, props.view, true);
  return <canvas ref={canvas} className={css.far} style={props.room} aria-hidden="true" />;
}

const MAP = { width: 180, height: 110 };

export function SmallMap(props: PictureProps & { onMove: (view: View) => void }) {
  const { laid, view, room, onMove } = props;
  const scale = Math.min(MAP.width / laid.width, MAP.height / laid.height);
  const small = { x: (MAP.width - laid.width * scale) / 2, y: (MAP.height - laid.height * scale) / 2, scale };
  const canvas = usePicture(props, MAP, small, false);
  const go = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons === 0) return;
    const area = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - area.left - small.x) / scale;
    const y = (event.clientY - area.top - small.y) / scale;
    onMove({ ...view, x: room.width / 2 - x * view.scale, y: room.height / 2 - y * view.scale });
  };
  const left = small.x + (-view.x / view.scale) * scale;
  const top = small.y + (-view.y / view.scale) * scale;
  return (
    <div
      className={css.map}
      style={MAP}
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <canvas ref={canvas} style={MAP} />
      <span className={css.sight} style={{ left, top, width: (room.width / view.scale) * scale, height: (room.height / view.scale) * scale }} />
    </div>
  );
}
