// The grid: runs × tasks as one byte a cell, its rows with groups and mapped tasks folded or not, and what an event does.
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";
import type { Graph } from "./graph.model";
import { isOpenRun, TASK_STATES, type TaskState, unpacked } from "./states.model";

/** As the server packs it. */
export interface PackedGrid {
  dag_id: string;
  version_number: number;
  letters: Record<string, string | null>;
  tasks: string[];
  now: number;
  event: number;
  runs: PackedRun[];
}

export interface PackedRun {
  number: number;
  dag_run_id: string;
  state: string;
  run_type: string;
  version_number: number;
  times: [queued: number, started: number | null, ended: number | null, date: number | null];
  cells: string;
  mapped: [place: number, n: number, letters: string][];
}

/** How many of a task's instances stand how, by code. */
export interface Counts {
  n: number;
  of: Uint32Array;
}

export interface GridRun {
  number: number;
  runId: string;
  state: string;
  type: string;
  version: number;
  queued: number;
  started: number | null;
  ended: number | null;
  date: number | null;
  cells: Uint8Array;
  mapped: Map<number, Counts>;
}

export interface Grid {
  dagId: string;
  version: number;
  event: number;
  tasks: string[];
  place: Map<string, number>;
  runs: GridRun[]; // oldest first
  hasOlder: boolean;
}

export const ABSENT = TASK_STATES.length; // the run's version has no such task
const CODES = new Map<string, number>(TASK_STATES.map((state, at) => [state, at]));
const NONE = CODES.get("none")!;

export function codeOf(state: string | null | undefined): number {
  return CODES.get(state ?? "none") ?? NONE;
}

export function stateAt(code: number): TaskState | null {
  return TASK_STATES[code] ?? null;
}

export function gridOf(packed: PackedGrid, asked: number): Grid {
  const codes = codesOf(packed.letters);
  return {
    dagId: packed.dag_id,
    version: packed.version_number,
    event: packed.event,
    tasks: packed.tasks,
    place: new Map(packed.tasks.map((task, at) => [task, at])),
    runs: packed.runs.map((run) => runOf(run, codes, packed.tasks.length)).reverse(),
    hasOlder: packed.runs.length >= asked,
  };
}

function codesOf(letters: Record<string, string | null>): Map<string, number> {
  return new Map(Object.entries(letters).map(([letter, state]) => [letter, state === null ? ABSENT : codeOf(state)]));
}

function runOf(run: PackedRun, codes: Map<string, number>, many: number): GridRun {
  const [queued, started, ended, date] = run.times;
  const cells = cellsOf(run.cells, codes, many);
  const mapped = new Map(run.mapped.map(([place, n, letters]) => [place, { n, of: countsOf(letters, codes) }]));
  // A mapped task stands as its instances do, at first as after an event.
  for (const [place, { of }] of mapped) if (of.some((n) => n > 0)) cells[place] = heaviest(of);
  return {
    number: run.number,
    runId: run.dag_run_id,
    state: run.state,
    type: run.run_type,
    version: run.version_number,
    queued,
    started,
    ended,
    date,
    cells,
    mapped,
  };
}

/** `4s1f` into codes, without a text in between: a run of 10,000 tasks is a few writes. */
export function cellsOf(text: string, codes: Map<string, number>, many: number): Uint8Array {
  const cells = new Uint8Array(many).fill(ABSENT);
  let at = 0;
  for (const [, n, letter] of text.matchAll(/(\d+)(\D)/g)) {
    const next = at + Number(n);
    cells.fill(codes.get(letter!) ?? NONE, at, next);
    at = next;
  }
  return cells;
}

function countsOf(letters: string, codes: Map<string, number>): Uint32Array {
  const of = new Uint32Array(TASK_STATES.length);
  for (const [, n, letter] of letters.matchAll(/(\d+)(\D)/g)) of[codes.get(letter!) ?? NONE]! += Number(n);
  return of;
}

/** With the runs before it. */
export function withOlder(grid: Grid, older: Grid): Grid {
  const first = grid.runs[0]?.number ?? Infinity;
  if (older.version !== grid.version) return grid;
  return { ...grid, runs: [...older.runs.filter((run) => run.number < first), ...grid.runs], hasOlder: older.hasOlder };
}

// ── events ──

type Move = [task: string, map: number, before: string, after: string, token: number];

export function gridAfter(grid: Grid, event: Told): Delta<Grid> {
  if (event.dag_id !== grid.dagId) return { next: grid };
  if (event.kind === "version" || event.kind === "removed_run") return { next: grid, stale: true };
  if (event.kind !== "run" && event.kind !== "moves") return { next: grid };
  const at = grid.runs.findIndex((run) => run.runId === event.dag_run_id);
  const run = grid.runs[at];
  if (run === undefined) return { next: grid, stale: event.kind === "run" };
  const told = event.kind === "run" ? { run: runAfter(run, event), stale: false } : movesIn(grid, run, event.data as Move[]);
  const runs = [...grid.runs];
  runs[at] = told.run;
  return { next: { ...grid, runs }, stale: told.stale };
}

function runAfter(run: GridRun, event: Told): GridRun {
  const [, state] = event.data as [string, string];
  const started = state === "queued" ? null : state === "running" ? (run.started ?? event.at) : run.started;
  return { ...run, state, started, ended: isOpenRun(state) ? null : event.at };
}

function movesIn(grid: Grid, run: GridRun, moves: Move[]): { run: GridRun; stale: boolean } {
  const cells = run.cells.slice();
  let mapped = run.mapped;
  let stale = false;
  for (const [task, index, before, after] of moves) {
    const place = grid.place.get(task);
    if (place === undefined) continue;
    if (index < 0) {
      cells[place] = codeOf(after);
      continue;
    }
    const counts = mapped.get(place);
    if (counts === undefined) {
      stale = true; // how many there are is told by the server alone
      cells[place] = codeOf(after);
      continue;
    }
    const of = counts.of.slice();
    const from = codeOf(before);
    if (of[from]! > 0) of[from]! -= 1;
    else stale = true;
    of[codeOf(after)]! += 1;
    if (mapped === run.mapped) mapped = new Map(mapped);
    mapped.set(place, { n: counts.n, of });
    cells[place] = heaviest(of);
  }
  return { run: { ...run, cells, mapped }, stale };
}

/** The state that counts most: TASK_STATES is in that order. */
export function heaviest(of: Uint32Array): number {
  const at = of.findIndex((n) => n > 0);
  return at < 0 ? NONE : at;
}

// ── rows ──

export interface Row {
  key: string;
  kind: "task" | "group" | "instance";
  label: string;
  depth: number;
  taskId: string; // of a group, its id
  place: number; // −1 of a group
  mapIndex: number; // −1 but of an instance
  /** Whether something stands below it, and whether it is shown. */
  folds: boolean;
  open: boolean;
  members: Int32Array | null; // of a group: the places of its tasks, at any depth
  many: number; // instances or tasks below
}

export interface Folding {
  /** Keys of rows that are the other way round than they are by themselves. */
  turned: ReadonlySet<string>;
  /** Whether groups stand open by themselves. */
  groupsOpen: boolean;
}

export const INSTANCES_MAX = 10_000;

export function rowsOf(tasks: string[], graph: Graph | null, sizes: ReadonlyMap<number, number>, folding: Folding): Row[] {
  const rows: Row[] = [];
  const isOpen = (key: string, byItself: boolean) => byItself !== folding.turned.has(key);
  const addTask = (place: number, depth: number, prefix: string) => {
    const taskId = tasks[place]!;
    const n = sizes.get(place) ?? 0;
    const key = `t:${taskId}`;
    const open = n > 0 && isOpen(key, false);
    const label = graph?.labels[place] ?? (taskId.startsWith(prefix) ? taskId.slice(prefix.length) : taskId);
    const shared = { taskId, place, members: null };
    rows.push({ ...shared, key, kind: "task", label, depth, mapIndex: -1, folds: n > 0, open, many: n });
    if (!open) return;
    for (let index = 0; index < Math.min(n, INSTANCES_MAX); index++) {
      rows.push({ ...shared, key: `${key}[${index}]`, kind: "instance", label: `[${index}]`, depth: depth + 1, mapIndex: index, folds: false, open: false, many: 0 });
    }
  };
  if (graph === null || graph.tasks.length !== tasks.length) {
    for (let place = 0; place < tasks.length; place++) addTask(place, 0, "");
    return rows;
  }
  const walk = (group: number, depth: number, prefix: string) => {
    for (const child of graph.children.get(group) ?? []) {
      if (child.kind === "task") addTask(child.at, depth, prefix);
      else {
        const [id, , label] = graph.groups[child.at]!;
        const key = `g:${id}`;
        const members = graph.membersOf(child.at);
        const open = isOpen(key, folding.groupsOpen);
        const short = label ?? (id.startsWith(prefix) ? id.slice(prefix.length) : id);
        rows.push({ key, kind: "group", label: short, depth, taskId: id, place: -1, mapIndex: -1, folds: true, open, members, many: members.length });
        if (open) walk(child.at, depth + 1, `${id}.`);
      }
    }
  };
  walk(-1, 0, "");
  return rows;
}

/** Of all runs, how many instances each mapped task had at most. */
export function sizesOf(grid: Grid): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const run of grid.runs) for (const [place, { n }] of run.mapped) sizes.set(place, Math.max(n, sizes.get(place) ?? 0));
  return sizes;
}

// ── cells ──

export interface Cell {
  code: number;
  /** Of several: how many stand how. */
  counts: Counts | null;
}

const NOTHING: Cell = { code: ABSENT, counts: null };
const ofGroups = new WeakMap<Uint8Array, Map<string, Cell>>();

/** `instances`: task → run's number → codes by map index, for rows that are unfolded. */
export type Instances = ReadonlyMap<string, ReadonlyMap<number, Uint8Array>>;

export function cellOf(run: GridRun, row: Row, instances: Instances): Cell {
  if (row.kind === "task") return { code: run.cells[row.place] ?? ABSENT, counts: run.mapped.get(row.place) ?? null };
  if (row.kind === "instance") {
    const codes = instances.get(row.taskId)?.get(run.number);
    const code = codes?.[row.mapIndex];
    return code === undefined ? NOTHING : { code, counts: null };
  }
  let known = ofGroups.get(run.cells);
  if (known === undefined) ofGroups.set(run.cells, (known = new Map()));
  let cell = known.get(row.key);
  if (cell === undefined) known.set(row.key, (cell = groupCell(run, row.members!)));
  return cell;
}

function groupCell(run: GridRun, members: Int32Array): Cell {
  return summed(members, (place) => run.cells[place]!);
}

function summed(members: Int32Array, codeAt: (place: number) => number): Cell {
  const of = new Uint32Array(TASK_STATES.length);
  let n = 0;
  for (const place of members) {
    const code = codeAt(place);
    if (code === ABSENT) continue;
    of[code]! += 1;
    n += 1;
  }
  return n === 0 ? NOTHING : { code: heaviest(of), counts: { n, of } };
}

/** How each group of a graph stands, by how its tasks do; null where none of them does. */
export function groupCellsOf(graph: Graph, cellOf: (taskId: string) => Cell | null): (group: number) => Cell | null {
  const known = new Map<number, Cell>();
  return (group) => {
    let cell = known.get(group);
    if (cell === undefined) known.set(group, (cell = summed(graph.membersOf(group), (place) => cellOf(graph.tasks[place]!)?.code ?? ABSENT)));
    return cell.counts === null ? null : cell;
  };
}

/** `3 of 5 succeeded, 1 failed`. */
export function countsWords(counts: Counts, wordOf: (state: TaskState) => string): string {
  const parts: string[] = [];
  for (const [code, n] of counts.of.entries()) if (n > 0) parts.push(`${n} ${wordOf(TASK_STATES[code]!)}`);
  return parts.join(", ");
}

// ── instances of an unfolded row ──

export interface PackedInstances {
  task_id: string;
  event: number;
  runs: [number: number, letters: string][];
}

export interface InstanceTable {
  taskId: string;
  event: number;
  runs: Map<number, Uint8Array>;
}

const LETTERS: Record<string, string> = { n: "none", c: "scheduled", q: "queued", r: "running", s: "success", f: "failed", k: "skipped", y: "up_for_retry", e: "up_for_reschedule", d: "deferred", u: "upstream_failed", x: "removed" };

export function instancesOf(packed: PackedInstances): InstanceTable {
  const runs = packed.runs.map(([number, letters]): [number, Uint8Array] => [
    number,
    Uint8Array.from(unpacked(letters), (letter) => codeOf(LETTERS[letter])),
  ]);
  return { taskId: packed.task_id, event: packed.event, runs: new Map(runs) };
}

/** `numberOf`: the run's number, by its name. */
export function instancesAfter(table: InstanceTable, event: Told, numberOf: (runId: string) => number | undefined): Delta<InstanceTable> {
  if (event.kind !== "moves") return { next: table };
  const moves = (event.data as Move[]).filter(([task, index]) => task === table.taskId && index >= 0);
  if (moves.length === 0) return { next: table };
  const number = numberOf(event.dag_run_id ?? "");
  const before = number === undefined ? undefined : table.runs.get(number);
  if (before === undefined) return { next: table, stale: true };
  const most = Math.max(before.length, ...moves.map(([, index]) => index + 1));
  const codes = new Uint8Array(most).fill(NONE);
  codes.set(before);
  for (const [, index, , after] of moves) codes[index] = codeOf(after);
  return { next: { ...table, runs: new Map(table.runs).set(number!, codes) } };
}

/** Where an arrow leads from a cell, within the grid. */
export function moved(at: { row: number; column: number }, key: string, rows: number, columns: number) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -columns], End: [0, columns], PageUp: [-12, 0], PageDown: [12, 0] }[key];
  if (step === undefined) return null;
  const within = (n: number, many: number) => Math.max(0, Math.min(many - 1, n));
  return { row: within(at.row + step[0]!, rows), column: within(at.column + step[1]!, columns) };
}
