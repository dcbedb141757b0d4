// Short words at the edge of the screen: what was done, with a way back, and what was not done and why.
import { useSyncExternalStore } from "react";
import { Button } from "~/components/Button";
import { CrossIcon } from "~/components/icons";
import { ApiError } from "~/api/client";
import css from "./toasts.module.css";

export interface Toast {
  text: string;
  tone?: "plain" | "danger";
  undo?: () => void;
  link?: { text: string; href: string };
}

interface Shown extends Toast {
  id: number;
}

const STAYS_MS = 6000;
const MANY = 4;
let shown: Shown[] = [];
let made = 0;
const watchers = new Set<() => void>();

function set(next: Shown[]): void {
  shown = next;
  for (const watcher of watchers) watcher();
}

export function toast(one: Toast): void {
  const id = ++made;
  set([...shown, { ...one, id }].slice(-MANY));
  window.setTimeout(() => close(id), one.tone === "danger" ? STAYS_MS * 2 : STAYS_MS);
}

/** What went wrong, in the server's own words; a command that waits for the next engine is no error. */
export function toastError(error: unknown): void {
  if (error instanceof ApiError && error.waits) toast({ text: error.message });
  else toast({ text: error instanceof Error ? error.message : String(error), tone: "danger" });
}

function close(id: number): void {
  set(shown.filter((one) => one.id !== id));
}

export function Toasts() {
  const all = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => shown,
  );
  return (
    <div className={css.toasts} role="region" aria-label="Messages" aria-live="polite">
      {all.map((one) => (
        <div key={one.id} className={css.toast} data-tone={one.tone ?? "plain"} role={one.tone === "danger" ? "alert" : "status"}>
          <span className={css.text}>{one.text}</span>
          {one.link && (
            <a className="plain-link" href={one.link.href}>
              {one.link.text}
            </a>
          )}
          {one.undo && (
            <Button
              size="small"
              onClick={() => {
                one.undo?.();
                close(one.id);
              }}
            >
              Undo
            </Button>
          )}
          <Button size="small" kind="quiet" label="Close" onClick={() => close(one.id)}>
            <CrossIcon />
          </Button>
        </div>
      ))}
    </div>
  );
}
