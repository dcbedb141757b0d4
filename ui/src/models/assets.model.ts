// Assets: who makes and uses one, its small graph, and what events do to what is shown of it.
import type { Schemas } from "~/api/client";
import type { Told } from "~/api/events";
import type { Delta } from "~/api/live";

export type Asset = Schemas["Asset"];
export type AssetEvent = Schemas["AssetEvent"];

/** Runs and moves tell of what tasks make; a file, of what there is. */
const STALE = ["version", "file", "asset", "asset_event", "asset_waiting", "run", "removed_run"];

export function assetsAfter<T>(answer: T, event: Told): Delta<T> {
  return { next: answer, stale: STALE.some((kind) => event.kind === kind) || event.kind.startsWith("asset") };
}

export interface End {
  id: string;
  dagId: string;
  taskId: string | null;
  words: string;
}

/** What makes it: tasks. */
export function makersOf(asset: Asset): End[] {
  return asset.producing_tasks.map((one) => ({
    id: `${one.dag_id} ${one.task_id}`,
    dagId: one.dag_id,
    taskId: one.task_id,
    words: "makes it",
  }));
}

/** What uses it: DAGs that it starts, and tasks that read it. */
export function usersOf(asset: Asset): End[] {
  const started = asset.scheduled_dags.map((one) => ({
    id: one.dag_id,
    dagId: one.dag_id,
    taskId: null,
    words: "starts by it",
  }));
  const reading = asset.consuming_tasks.map((one) => ({
    id: `${one.dag_id} ${one.task_id}`,
    dagId: one.dag_id,
    taskId: one.task_id,
    words: "reads it",
  }));
  return [...started, ...reading];
}

export function inWords(ends: End[]): string {
  if (ends.length === 0) return "–";
  const names = [...new Set(ends.map((one) => one.dagId))];
  return names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(", ");
}

export const BOX = { width: 200, height: 44, gap: 12, between: 70 };

export interface Placed extends End {
  x: number;
  y: number;
}

export interface AssetGraph {
  width: number;
  height: number;
  makers: Placed[];
  users: Placed[];
  asset: { x: number; y: number };
}

/** Makers at the left, the asset in the middle, users at the right; each column stands in the middle of the height. */
export function graphOf(asset: Asset): AssetGraph {
  const makers = makersOf(asset);
  const users = usersOf(asset);
  const step = BOX.height + BOX.gap;
  const rows = Math.max(makers.length, users.length, 1);
  const height = rows * step - BOX.gap;
  const left = makers.length > 0 ? BOX.width + BOX.between : 0;
  const column = (ends: End[], x: number): Placed[] => {
    const top = (height - (ends.length * step - BOX.gap)) / 2;
    return ends.map((one, at) => ({ ...one, x, y: top + at * step }));
  };
  return {
    width: left + BOX.width + (users.length > 0 ? BOX.between + BOX.width : 0),
    height,
    makers: column(makers, 0),
    users: column(users, left + BOX.width + BOX.between),
    asset: { x: left, y: (height - BOX.height) / 2 },
  };
}

/** `{}` where nothing is written; throws in words what is no JSON object. */
export function extraFrom(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new Error(`extra: This is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    throw new Error('extra: The extra is a JSON object, such as {"rows": 120}.');
  }
  return read as Record<string, unknown>;
}

/** Who told of an event. */
export function sourceOf(event: AssetEvent): string {
  if (event.source_dag_id && event.source_task_id) return `${event.source_dag_id} · ${event.source_task_id}`;
  if (event.extra?.from_rest_api === true) return "by hand or over the API";
  return "from outside";
}

export const cut = (text: string, chars: number) => (text.length <= chars ? text : `${text.slice(0, chars - 1)}…`);
