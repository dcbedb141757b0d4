// What the command palette offers beside pages and DAGs: whatever the page that is open can do.
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Command {
  id: string;
  label: string;
  hint?: string;
  group?: string;
  /** More words by which it is found. */
  words?: string;
  run: () => void;
}

let registered: { id: symbol; commands: Command[] }[] = [];
const watchers = new Set<() => void>();

/** These are offered while the component is there. */
export function useCommands(commands: Command[]): void {
  const id = useRef(Symbol("commands"));
  const latest = useRef(commands);
  latest.current = commands;
  const names = commands.map((one) => `${one.id}\0${one.label}`).join("\n");
  useEffect(() => {
    const mine = id.current;
    const through = latest.current.map((one, at) => ({ ...one, run: () => latest.current[at]?.run() }));
    registered = [...registered, { id: mine, commands: through }];
    for (const watcher of watchers) watcher();
    return () => {
      registered = registered.filter((one) => one.id !== mine);
      for (const watcher of watchers) watcher();
    };
  }, [names]);
}

export function useRegistered(): Command[] {
  const found = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => registered,
  );
  return found.flatMap((one) => one.commands);
}
