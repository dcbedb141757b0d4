// The keyboard: which keys do what here, one after the other where two stand together (`g d`), never while one types.
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  keys: string; // "?", "g d", "Mod+k", "ArrowLeft"
  label: string;
  run: (event: KeyboardEvent) => void;
  group?: string;
  /** Also while one types. */
  always?: boolean;
}

const PAUSE_MS = 900;
let layers: { id: symbol; shortcuts: Shortcut[] }[] = [];
let pending = "";
let timer: number | undefined;
const watchers = new Set<() => void>();

function changed(): void {
  layers = [...layers];
  for (const watcher of watchers) watcher();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

function nameOf(event: KeyboardEvent): string {
  const mod = event.metaKey || event.ctrlKey ? "Mod+" : "";
  return mod + (event.key.length === 1 && mod !== "" ? event.key.toLowerCase() : event.key);
}

window.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const typing = isTyping(event.target);
  const key = nameOf(event);
  const sequence = pending === "" ? key : `${pending} ${key}`;
  // The newest layer first: a dialog's keys come before those of the page below.
  const all = [...layers].reverse().flatMap((layer) => layer.shortcuts);
  const usable = all.filter((one) => !typing || one.always);
  const found = usable.find((one) => one.keys === sequence) ?? usable.find((one) => one.keys === key);
  window.clearTimeout(timer);
  if (found !== undefined) {
    pending = "";
    event.preventDefault();
    found.run(event);
  } else if (usable.some((one) => one.keys.startsWith(`${sequence} `))) {
    pending = sequence;
    timer = window.setTimeout(() => (pending = ""), PAUSE_MS);
  } else pending = "";
});

/** These keys hold while the component is there. */
export function useKeys(shortcuts: Shortcut[]): void {
  const id = useRef(Symbol("keys"));
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map((one) => `${one.keys}\0${one.label}`).join("\n");
  useEffect(() => {
    const mine = id.current;
    const through = latest.current.map((one, at) => ({
      ...one,
      run: (event: KeyboardEvent) => latest.current[at]?.run(event),
    }));
    layers.push({ id: mine, shortcuts: through });
    changed();
    return () => {
      layers = layers.filter((layer) => layer.id !== mine);
      changed();
    };
  }, [names]);
}

/** All that hold now, for the help. */
export function useShortcuts(): Shortcut[] {
  const found = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => layers,
  );
  return found.flatMap((layer) => layer.shortcuts);
}

export const mod = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";

export function shownKeys(keys: string): string[] {
  return keys.split(" ").map((one) => one.replace("Mod+", mod === "⌘" ? "⌘" : "Ctrl ").replace(/^(.*)([a-z])$/, (_, a, b) => a + (a ? b.toUpperCase() : b)));
}
