// The time: the server's, ticking only while somebody shows it, and the zone that times are told in.
import { useSyncExternalStore } from "react";

let offset = 0; // the server's clock before ours, in seconds
let tick = Date.now() / 1000;
let timer: number | undefined;
const watchers = new Set<() => void>();

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (timer === undefined) {
    tick = now();
    timer = window.setInterval(() => {
      if (document.hidden) return;
      tick = now();
      for (const each of watchers) each();
    }, 1000);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Seconds since 1970 by the server's clock. */
export function now(): number {
  return Date.now() / 1000 + offset;
}

/** Of an answer that says what time it was there. */
export function heard(serverNow: number): void {
  offset = serverNow - Date.now() / 1000;
}

/** Now, again each second. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => tick);
}

// ── zones ──

const KEY = "venturi.zone";
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneWatchers = new Set<() => void>();
let zone = read();

function read(): string {
  try {
    const kept = localStorage.getItem(KEY) ?? own;
    new Intl.DateTimeFormat("en", { timeZone: kept }); // throws where this browser does not know it
    return kept;
  } catch {
    return own;
  }
}

export const ownZone = own;

/** All that the browser knows, by name. */
export function allZones(): string[] {
  return Intl.supportedValuesOf("timeZone");
}

export function useZone(): string {
  return useSyncExternalStore(
    (watcher) => {
      zoneWatchers.add(watcher);
      return () => zoneWatchers.delete(watcher);
    },
    () => zone,
  );
}

export function chooseZone(name: string): void {
  zone = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // It holds for this visit.
  }
  for (const watcher of zoneWatchers) watcher();
}
