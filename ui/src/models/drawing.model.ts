// What of a DAG is drawn: tasks, groups and assets as boxes of a size, and the lines between them.
import type { Graph } from "./graph.model";
import type { ToLay } from "./layout.model";

export interface DrawnNode {
  kind: "task" | "asset";
  label: string;
  /** The place of the task, or of the asset. */
  at: number;
  role: "" | "setup" | "teardown" | "used" | "made";
}

export interface Drawing {
  nodes: DrawnNode[];
  lay: ToLay;
  /** Words on lines, by the ids of their ends. */
  words: Map<string, string>;
}

const HEIGHT = 34;
const MAPPED_HEIGHT = 42;
const STARTS_MAX = 6;

export function widthOf(label: string): number {
  return Math.max(84, Math.min(280, Math.round(label.length * 7.1) + 50));
}

export function drawingOf(graph: Graph, folded: ReadonlySet<string>, withAssets: boolean): Drawing {
  const groupIds = graph.groups.map(([id]) => id);
  const nodes: DrawnNode[] = graph.tasks.map((task, at) => {
    const group = graph.group_of[at]!;
    const prefix = group < 0 ? "" : `${groupIds[group]}.`;
    const label = graph.labels[at] ?? (prefix !== "" && task.startsWith(prefix) ? task.slice(prefix.length) : task);
    const role = graph.setups.includes(at) ? "setup" : graph.teardowns.includes(at) ? "teardown" : "";
    return { kind: "task", label, at, role };
  });
  const sizes = nodes.map((node): [number, number] => [widthOf(graph.isMapped.has(node.at) ? `${node.label} ×000` : node.label), graph.isMapped.has(node.at) ? MAPPED_HEIGHT : HEIGHT]);
  const groupOf = [...graph.group_of];
  const edges: [number, number][] = [];
  for (let at = 0; at < graph.edges.length; at += 2) edges.push([graph.edges[at]!, graph.edges[at + 1]!]);
  if (withAssets) {
    const asset = (at: number, role: "used" | "made") => {
      const name = graph.assets[at]![0];
      nodes.push({ kind: "asset", label: name, at, role });
      sizes.push([widthOf(name), HEIGHT]);
      groupOf.push(-1);
      return nodes.length - 1;
    };
    const used = new Map<number, number>();
    const useOf = (at: number) => {
      let node = used.get(at);
      if (node === undefined) used.set(at, (node = asset(at, "used")));
      return node;
    };
    const waits = new Set(edges.map(([, to]) => to));
    const first = graph.tasks.map((_, at) => at).filter((at) => !waits.has(at)).slice(0, STARTS_MAX);
    for (const at of graph.starts) for (const task of first) edges.push([useOf(at), task]);
    for (const [task, at] of graph.uses) if (!graph.starts.includes(at)) edges.push([useOf(at), task]);
    const made = new Map<number, number>();
    for (const [task, at] of graph.makes) {
      let node = made.get(at);
      if (node === undefined) made.set(at, (node = asset(at, "made")));
      edges.push([task, node]);
    }
  }
  const groups = graph.groups.map(([id, parent, label]) => {
    const isFolded = folded.has(id);
    const name = label ?? id.split(".").pop()!;
    return { parent, folded: isFolded, width: widthOf(`${name} 000`), height: isFolded ? MAPPED_HEIGHT : HEIGHT };
  });
  const words = new Map(graph.edge_labels.map(([from, to, word]) => [`n${from} n${to}`, word]));
  return { nodes, lay: { sizes, groupOf, groups, edges }, words };
}

/** Upstream and downstream of a task, directly. */
export function neighbours(graph: Graph, place: number): { ups: number[]; downs: number[] } {
  const ups: number[] = [];
  const downs: number[] = [];
  for (let at = 0; at < graph.edges.length; at += 2) {
    if (graph.edges[at + 1] === place) ups.push(graph.edges[at]!);
    if (graph.edges[at] === place) downs.push(graph.edges[at + 1]!);
  }
  return { ups, downs };
}

export interface View {
  x: number; // of the paper's corner, on the screen
  y: number;
  scale: number;
}

/** All of it in sight, and not larger than it is. */
export function fitted(width: number, height: number, room: { width: number; height: number }, least = 0.05): View {
  const edge = 28;
  const scale = Math.max(least, Math.min(1, (room.width - 2 * edge) / Math.max(1, width), (room.height - 2 * edge) / Math.max(1, height)));
  const x = Math.max(edge, (room.width - width * scale) / 2);
  const y = Math.max(edge, (room.height - height * scale) / 2);
  return { x, y, scale };
}

export function zoomed(view: View, by: number, x: number, y: number): View {
  const scale = Math.max(0.03, Math.min(2.5, view.scale * by));
  const ratio = scale / view.scale;
  return { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
}
