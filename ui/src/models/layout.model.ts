// Where everything of a graph stands: layers from left to right, groups as containers laid out from the inside, and lines
// that go round what is between. Pure, and without recursion in the number of tasks, so that a worker can do 10,000.

export interface ToLay {
  /** Of each node: how wide and how high. */
  sizes: [width: number, height: number][];
  /** The group of each node; −1: in none. */
  groupOf: number[];
  /** The parent of each group, and whether it is folded into one box. */
  groups: { parent: number; folded: boolean; width: number; height: number }[];
  edges: [from: number, to: number][]; // between nodes
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LaidEdge {
  from: string; // `n3`, or `g1` of a folded group
  to: string;
  /** How many edges it stands for. */
  many: number;
  points: [number, number][];
}

export interface Laid {
  width: number;
  height: number;
  nodes: (Box | null)[]; // null: folded away
  groups: (Box | null)[];
  edges: LaidEdge[];
}

const GAP_X = 56; // between layers
const GAP_Y = 14; // within one
const PAD = 14; // within a group
const TITLE = 26; // of a group that is open
const DUMMIES_MAX = 30_000;
const SWEEPS = 6;

/** A thing in one container: a node, or a group with all that is in it. */
interface Item {
  id: string;
  width: number;
  height: number;
  x: number;
  y: number;
}

export function laidOut(asked: ToLay): Laid {
  const top = topFolded(asked);
  const holder = (node: number): string => {
    const group = asked.groupOf[node]!;
    const folded = group < 0 ? -1 : top[group]!;
    return folded >= 0 ? `g${folded}` : `n${node}`;
  };
  const parentOf = (id: string): number => {
    const at = Number(id.slice(1));
    return id.startsWith("n") ? asked.groupOf[at]! : asked.groups[at]!.parent;
  };
  // Edges between what is shown, each once.
  const shown = new Map<string, LaidEdge>();
  for (const [from, to] of asked.edges) {
    const a = holder(from);
    const b = holder(to);
    if (a === b) continue;
    const key = `${a} ${b}`;
    const known = shown.get(key);
    if (known !== undefined) known.many += 1;
    else shown.set(key, { from: a, to: b, many: 1, points: [] });
  }
  // What stands in each container.
  const within = new Map<number, Item[]>();
  const items = new Map<string, Item>();
  const put = (id: string, width: number, height: number) => {
    const item = { id, width, height, x: 0, y: 0 };
    items.set(id, item);
    const parent = parentOf(id);
    const list = within.get(parent);
    if (list === undefined) within.set(parent, [item]);
    else list.push(item);
  };
  asked.sizes.forEach(([width, height], at) => {
    const group = asked.groupOf[at]!;
    if (group < 0 || top[group]! < 0) put(`n${at}`, width, height);
  });
  asked.groups.forEach((group, at) => {
    const inFolded = group.parent >= 0 && top[group.parent]! >= 0;
    if (!inFolded) put(`g${at}`, group.width, group.height);
  });
  // Edges belong to the innermost container that holds both ends; there they join the things that stand in it.
  const chain = (id: string): number[] => {
    const found: number[] = [];
    for (let at = parentOf(id); at >= 0; at = asked.groups[at]!.parent) found.push(at);
    found.push(-1);
    return found;
  };
  const joined = new Map<number, Map<string, [string, string]>>();
  const routed: { edge: LaidEdge; container: number; key: string }[] = [];
  for (const edge of shown.values()) {
    const ups = chain(edge.from);
    const downs = chain(edge.to);
    const container = ups.find((at) => downs.includes(at))!;
    const a = childIn(edge.from, ups, container);
    const b = childIn(edge.to, downs, container);
    if (a === b) continue;
    const key = `${a} ${b}`;
    let list = joined.get(container);
    if (list === undefined) joined.set(container, (list = new Map()));
    list.set(key, [a, b]);
    routed.push({ edge, container, key });
  }
  // From the inside out: a group is as large as what it holds.
  const routes = new Map<string, [number, number][]>();
  const order = deepestFirst(asked, within);
  for (const container of order) {
    const list = within.get(container) ?? [];
    const size = layered(list, [...(joined.get(container)?.values() ?? [])], (key, points) => routes.set(`${container}|${key}`, points));
    if (container >= 0) {
      const item = items.get(`g${container}`)!;
      item.width = Math.max(item.width, size.width + 2 * PAD);
      item.height = size.height + TITLE + PAD;
    } else {
      routes.set("size", [[size.width, size.height]]);
    }
  }
  return placed(asked, items, within, order, routed, routes, top);
}

/** Of each group: the outermost folded one that it is in or is; −1: it is in sight and open. */
function topFolded(asked: ToLay): number[] {
  return asked.groups.map((_, at) => {
    let found = -1;
    for (let up = at; up >= 0; up = asked.groups[up]!.parent) if (asked.groups[up]!.folded) found = up;
    return found;
  });
}

function childIn(id: string, chain: number[], container: number): string {
  const at = chain.indexOf(container);
  return at === 0 ? id : `g${chain[at - 1]}`;
}

function deepestFirst(asked: ToLay, within: Map<number, Item[]>): number[] {
  const depth = (at: number): number => (at < 0 ? 0 : 1 + depth(asked.groups[at]!.parent));
  return [...within.keys()].sort((a, b) => depth(b) - depth(a));
}

/** From places within each container to places on the paper. */
function placed(
  asked: ToLay,
  items: Map<string, Item>,
  within: Map<number, Item[]>,
  order: number[],
  routed: { edge: LaidEdge; container: number; key: string }[],
  routes: Map<string, [number, number][]>,
  top: number[],
): Laid {
  const origin = new Map<number, [number, number]>([[-1, [0, 0]]]);
  for (const container of [...order].reverse()) {
    const [x, y] = origin.get(container)!;
    for (const item of within.get(container)!) {
      item.x += x;
      item.y += y;
      if (item.id.startsWith("g")) origin.set(Number(item.id.slice(1)), [item.x + PAD, item.y + TITLE]);
    }
  }
  const edges: LaidEdge[] = [];
  for (const { edge, container, key } of routed) {
    const [x, y] = origin.get(container)!;
    const from = items.get(edge.from)!;
    const to = items.get(edge.to)!;
    const between = (routes.get(`${container}|${key}`) ?? []).map(([px, py]): [number, number] => [px + x, py + y]);
    const start: [number, number] = [from.x + from.width, from.y + from.height / 2];
    const end: [number, number] = [to.x, to.y + to.height / 2];
    edges.push({ ...edge, points: [start, ...between, end] });
  }
  const [size] = routes.get("size") ?? [[0, 0]];
  const boxOf = (item: Item | undefined): Box | null => (item === undefined ? null : { x: item.x, y: item.y, width: item.width, height: item.height });
  return {
    width: size![0],
    height: size![1],
    nodes: asked.sizes.map((_, at) => (asked.groupOf[at]! >= 0 && top[asked.groupOf[at]!]! >= 0 ? null : boxOf(items.get(`n${at}`)))),
    groups: asked.groups.map((_, at) => boxOf(items.get(`g${at}`))),
    edges,
  };
}

// ── one container ──

interface Spot {
  item: Item | null; // null: a line passes here
  layer: number;
  height: number;
  y: number;
  ups: number[];
  downs: number[];
}

/** Places the items in layers; their x and y are within the container, which is as large as what is returned. */
function layered(items: Item[], edges: [string, string][], route: (key: string, points: [number, number][]) => void): { width: number; height: number } {
  if (items.length === 0) return { width: 0, height: 0 };
  const index = new Map(items.map((item, at) => [item.id, at]));
  const pairs = edges.map(([a, b]): [number, number] => [index.get(a)!, index.get(b)!]);
  const layer = layersOf(items.length, pairs);
  const spots: Spot[] = items.map((item, at) => ({ item, layer: layer[at]!, height: item.height, y: 0, ups: [], downs: [] }));
  const paths = new Map<string, number[]>();
  let dummies = pairs.reduce((sum, [a, b]) => sum + Math.max(0, layer[b]! - layer[a]! - 1), 0);
  if (dummies > DUMMIES_MAX) dummies = -1;
  for (const [at, [a, b]] of pairs.entries()) {
    let before = a;
    const path: number[] = [];
    for (let between = layer[a]! + 1; dummies >= 0 && between < layer[b]!; between++) {
      const spot = spots.push({ item: null, layer: between, height: 4, y: 0, ups: [before], downs: [] }) - 1;
      spots[before]!.downs.push(spot);
      path.push(spot);
      before = spot;
    }
    spots[before]!.downs.push(b);
    spots[b]!.ups.push(before);
    paths.set(`${edges[at]![0]} ${edges[at]![1]}`, path);
  }
  const layers: number[][] = [];
  for (const [at, spot] of spots.entries()) (layers[spot.layer] ??= []).push(at);
  for (let at = 0; at < layers.length; at++) layers[at] ??= [];
  ordered(layers, spots);
  stacked(layers, spots);
  const starts: number[] = [];
  let x = 0;
  const widths = layers.map((list) => Math.max(0, ...list.map((at) => spots[at]!.item?.width ?? 0)));
  for (const [at, width] of widths.entries()) {
    starts[at] = x;
    x += width + GAP_X;
  }
  let least = Infinity;
  let most = -Infinity;
  for (const spot of spots) {
    least = Math.min(least, spot.y);
    most = Math.max(most, spot.y + spot.height);
  }
  for (const spot of spots) {
    spot.y -= least;
    if (spot.item === null) continue;
    spot.item.x = starts[spot.layer]!;
    spot.item.y = spot.y;
  }
  for (const [key, path] of paths) {
    route(key, path.flatMap((at): [number, number][] => {
      const spot = spots[at]!;
      const left = starts[spot.layer]!;
      return [[left, spot.y + 2], [left + widths[spot.layer]!, spot.y + 2]];
    }));
  }
  return { width: x - GAP_X, height: most - least };
}

/** The longest way to each; what is in a circle (which a folded group can make) stands where it is met. */
export function layersOf(many: number, pairs: [number, number][]): Int32Array {
  const layer = new Int32Array(many);
  const waits = new Int32Array(many);
  const downs: number[][] = Array.from({ length: many }, () => []);
  for (const [a, b] of pairs) {
    downs[a]!.push(b);
    waits[b]! += 1;
  }
  const queue: number[] = [];
  const done = new Uint8Array(many);
  for (let at = 0; at < many; at++) if (waits[at] === 0) queue.push(at);
  let taken = 0;
  for (;;) {
    for (; taken < queue.length; taken++) {
      const at = queue[taken]!;
      if (done[at]) continue;
      done[at] = 1;
      for (const down of downs[at]!) {
        if (done[down]) continue;
        layer[down] = Math.max(layer[down]!, layer[at]! + 1);
        if (--waits[down]! === 0) queue.push(down);
      }
    }
    const stuck = done.indexOf(0);
    if (stuck < 0) break;
    queue.push(stuck);
  }
  // What has nothing before it stands just before what it is for.
  for (let at = 0; at < many; at++) {
    if (layer[at] !== 0 || downs[at]!.length === 0 || pairs.length > 200_000) continue;
    const next = Math.min(...downs[at]!.map((down) => layer[down]!));
    if (next > 1) layer[at] = next - 1;
  }
  return layer;
}

/** Few crossings: each layer by the middle of its neighbours, to and fro. */
function ordered(layers: number[][], spots: Spot[]): void {
  const place = new Float64Array(spots.length);
  const note = (list: number[]) => list.forEach((at, n) => (place[at] = n));
  layers.forEach(note);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (let n = isDown ? 1 : layers.length - 2; isDown ? n < layers.length : n >= 0; n += isDown ? 1 : -1) {
      const list = layers[n]!;
      const middle = new Map(list.map((at) => {
        const near = isDown ? spots[at]!.ups : spots[at]!.downs;
        return [at, near.length === 0 ? place[at]! : near.reduce((sum, one) => sum + place[one]!, 0) / near.length];
      }));
      list.sort((a, b) => middle.get(a)! - middle.get(b)! || a - b);
      note(list);
    }
  }
}

/** Heights: each as near to its neighbours as the others let it. */
function stacked(layers: number[][], spots: Spot[]): void {
  for (const list of layers) {
    let y = 0;
    for (const at of list) {
      spots[at]!.y = y;
      y += spots[at]!.height + GAP_Y;
    }
    // Layers are centred at first.
    for (const at of list) spots[at]!.y -= y / 2;
  }
  const wanted = new Map<number, number>();
  for (let sweep = 0; sweep < SWEEPS + 2; sweep++) {
    const isDown = sweep % 2 === 0;
    for (let n = isDown ? 1 : layers.length - 2; isDown ? n < layers.length : n >= 0; n += isDown ? 1 : -1) {
      const list = layers[n]!;
      for (const at of list) {
        const spot = spots[at]!;
        const near = isDown ? spot.ups : spot.downs;
        const centre = near.length === 0 ? spot.y + spot.height / 2 : near.reduce((sum, one) => sum + spots[one]!.y + spots[one]!.height / 2, 0) / near.length;
        wanted.set(at, centre - spot.height / 2);
      }
      spread(list, spots, wanted);
    }
  }
}

/** As near as may be to what is wanted, in this order, without touching: pushed down, pushed up, and the middle of both. */
function spread(list: number[], spots: Spot[], wanted: Map<number, number>): void {
  const down: number[] = [];
  const up: number[] = [];
  let last = -Infinity;
  for (const at of list) {
    const y = Math.max(wanted.get(at)!, last);
    down.push(y);
    last = y + spots[at]!.height + GAP_Y;
  }
  let next = Infinity;
  for (let n = list.length - 1; n >= 0; n--) {
    const spot = spots[list[n]!]!;
    const y = Math.min(wanted.get(list[n]!)!, next - spot.height - GAP_Y);
    up[n] = y;
    next = y;
  }
  list.forEach((at, n) => (spots[at]!.y = (down[n]! + up[n]!) / 2));
}

// ── lines ──

/** A line through points as a path that leaves and arrives level. */
export function pathOf(points: [number, number][]): string {
  const [first, ...rest] = points;
  let path = `M${first![0].toFixed(1)} ${first![1].toFixed(1)}`;
  let [x, y] = first!;
  for (const [nx, ny] of rest) {
    if (Math.abs(ny - y) < 0.5) path += `H${nx.toFixed(1)}`;
    else {
      const bend = Math.max(12, Math.abs(nx - x) / 2);
      path += `C${(x + bend).toFixed(1)} ${y.toFixed(1)} ${(nx - bend).toFixed(1)} ${ny.toFixed(1)} ${nx.toFixed(1)} ${ny.toFixed(1)}`;
    }
    x = nx;
    y = ny;
  }
  return path;
}

export function middleOf(points: [number, number][]): [number, number] {
  const at = (points.length - 1) / 2;
  const a = points[Math.floor(at)]!;
  const b = points[Math.ceil(at)]!;
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}
