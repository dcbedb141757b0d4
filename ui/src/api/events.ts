// The live events: one stream per browser, shared between its tabs. Owns the connection, who of the tabs holds it, and
// what is known of the other side. What an event does to what is shown is `live`.
import { whoAmI } from "./client";

export interface Told {
  id: number;
  at: number;
  kind: string;
  dag_id: string | null;
  dag_run_id: string | null;
  data: unknown;
}

/** `web`: whether the stream is open. The others are null while nobody knows. */
export interface Standing {
  web: boolean | null;
  engine: boolean | null;
  database: boolean | null;
}

type Message =
  | { kind: "batch"; batch: Told[] }
  | { kind: "standing"; standing: Standing }
  | { kind: "again"; from: number }
  | { kind: "hello" };

const NAME = "venturi-events";
const BATCH_MS = 16;
const AGAIN_MS = [300, 700, 1500, 3000];
const GAP_MAX = 2000; // events; with more, what is shown is read anew

export class Events {
  private listeners = new Set<(batch: Told[]) => void>();
  private readers = new Set<(from: number) => void>();
  private watchers = new Set<() => void>();
  private channel: BroadcastChannel | null = null;
  private source: EventSource | null = null;
  private waiting: Told[] = [];
  private timer: number | undefined;
  private failures = 0;
  private last = -1;
  private leads = false;
  standing: Standing = { web: null, engine: null, database: null };

  start(): void {
    if (typeof BroadcastChannel !== "undefined" && navigator.locks) {
      this.channel = new BroadcastChannel(NAME);
      this.channel.onmessage = (event: MessageEvent<Message>) => this.heard(event.data);
      this.channel.postMessage({ kind: "hello" } satisfies Message);
      // Whoever holds the lock has the stream; when its tab goes, the next one takes over where that was.
      void navigator.locks.request(NAME, () => {
        this.leads = true;
        this.open();
        return new Promise(() => undefined);
      });
    } else {
      this.leads = true;
      this.open();
    }
  }

  /** Every batch of events, oldest first. */
  onBatch(listener: (batch: Told[]) => void): void {
    this.listeners.add(listener);
  }

  /** What was read before this event may lack something. */
  onAgain(reader: (from: number) => void): void {
    this.readers.add(reader);
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private open(): void {
    const query = new URLSearchParams({ page: "true" });
    if (this.last >= 0) query.set("after", String(this.last));
    const source = new EventSource(`/api/venturi/v1/events?${query}`);
    this.source = source;
    source.addEventListener("from", (event) => {
      this.failures = 0;
      this.tell({ ...this.standing, web: true });
      const { event: from, newest } = JSON.parse(event.data) as { event: number; newest: number };
      if (newest - from > GAP_MAX) {
        this.last = -1;
        source.close();
        this.open();
      } else if (from !== this.last) {
        this.last = from;
        this.again(from);
        this.channel?.postMessage({ kind: "again", from } satisfies Message);
      }
    });
    source.addEventListener("health", (event) => {
      const { data } = JSON.parse(event.data) as { data: Record<string, string | null> };
      this.tell({ web: true, engine: data.engine === "healthy", database: data.database === "healthy" });
    });
    source.onmessage = (event: MessageEvent<string>) => this.take(event);
    source.onerror = () => {
      source.close();
      if (this.source === source) void this.retry();
    };
  }

  private async retry(): Promise<void> {
    if (this.failures > 0) this.tell({ web: false, engine: null, database: null });
    const wait = AGAIN_MS[Math.min(this.failures++, AGAIN_MS.length - 1)]!;
    await new Promise((done) => setTimeout(done, wait));
    try {
      await whoAmI(); // a session that has ended leads to the page for signing in
    } catch {
      this.tell({ web: false, engine: null, database: null });
      void this.retry();
      return;
    }
    this.open();
  }

  private take(event: MessageEvent<string>): void {
    const told = JSON.parse(event.data) as Omit<Told, "id">;
    this.waiting.push({ ...told, id: Number(event.lastEventId) });
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      const batch = this.waiting;
      this.waiting = [];
      this.channel?.postMessage({ kind: "batch", batch } satisfies Message);
      this.give(batch);
    }, BATCH_MS);
  }

  private heard(message: Message): void {
    if (message.kind === "batch") this.give(message.batch);
    else if (message.kind === "again") this.again(message.from);
    else if (message.kind === "standing") this.stand(message.standing);
    else if (this.leads) this.channel?.postMessage({ kind: "standing", standing: this.standing } satisfies Message);
  }

  private give(batch: Told[]): void {
    this.last = batch[batch.length - 1]?.id ?? this.last;
    for (const listener of this.listeners) listener(batch);
  }

  private again(from: number): void {
    this.last = from;
    for (const reader of this.readers) reader(from);
  }

  private tell(standing: Standing): void {
    this.channel?.postMessage({ kind: "standing", standing } satisfies Message);
    this.stand(standing);
  }

  private stand(standing: Standing): void {
    const { web, engine, database } = this.standing;
    if (web === standing.web && engine === standing.engine && database === standing.database) return;
    this.standing = standing;
    for (const watcher of this.watchers) watcher();
  }
}

export const events = new Events();
