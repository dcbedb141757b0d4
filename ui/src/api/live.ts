// Live events into what is shown: each kind of query says what an event does to its answer. Owns that table and the cache.
import { QueryClient, type QueryKey } from "@tanstack/react-query";
import { ApiError } from "./client";
import { events, type Told } from "./events";

/** `next`: the answer after the event (the same object where nothing changed); `stale`: it must also be read anew. */
export interface Delta<T> {
  next: T;
  stale?: boolean;
}

type Reducer<T> = (answer: T, event: Told, key: QueryKey) => Delta<T>;

const reducers = new Map<string, Reducer<never>>();
const AGAIN_MS = 1000; // a query is read anew at once, and then at most this often

export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      // Events keep answers fresh, so nothing is asked again by time or focus.
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.isAway || error.status === 503),
      retryDelay: (attempt) => 300 * 2 ** attempt,
    },
  },
});

/** What events do to the answers of queries whose key begins with `name`. Without one, they stay as they were read. */
export function onEvents<T>(name: string, reducer: Reducer<T>): void {
  reducers.set(name, reducer as unknown as Reducer<never>);
}

const dueAt = new Map<string, number>();
const timers = new Map<string, number>();

/** Read anew what is looked at, soon, and not more often than it makes sense. */
export function readAgain(key: QueryKey): void {
  const name = JSON.stringify(key);
  if (timers.has(name)) return;
  const wait = Math.max(20, (dueAt.get(name) ?? 0) - performance.now());
  timers.set(
    name,
    window.setTimeout(() => {
      timers.delete(name);
      dueAt.set(name, performance.now() + AGAIN_MS);
      void cache.invalidateQueries({ queryKey: key, exact: true });
    }, wait),
  );
}

function apply(batch: Told[]): void {
  for (const query of cache.getQueryCache().getAll()) {
    const reducer = reducers.get(String(query.queryKey[0]));
    if (reducer === undefined || query.state.data === undefined) continue;
    let answer = query.state.data as never;
    let stale = false;
    for (const event of batch) {
      // What the answer knows already is not applied to it again.
      if (event.id <= ((answer as { event?: number }).event ?? -1)) continue;
      const delta = reducer(answer, event, query.queryKey);
      answer = delta.next;
      stale ||= delta.stale ?? false;
    }
    if (answer !== query.state.data) cache.setQueryData(query.queryKey, answer);
    if (stale) readAgain(query.queryKey);
  }
}

export function startLive(): void {
  events.onBatch(apply);
  events.onAgain((from) => {
    void cache.invalidateQueries({
      predicate: (query) => ((query.state.data as { event?: number } | undefined)?.event ?? -1) < from,
    });
  });
  events.start();
}
