// Addresses: which page stands at which path, links that do not load the page anew, and what is kept behind the `?`.
// A part of a path is one name, whatever signs it holds, so paths are taken apart before names are read.
import { type AnchorHTMLAttributes, type MouseEvent, useCallback, useSyncExternalStore } from "react";

export type Params = Record<string, string>;

const watchers = new Set<() => void>();

function changed(): void {
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

window.addEventListener("popstate", changed);

const address = () => location.pathname + location.search;

/** The path and what is behind the `?`, as they now are. */
export function useAddress(): string {
  return useSyncExternalStore(watch, address);
}

export function usePath(): string {
  return useAddress().split("?")[0]!;
}

export interface Going {
  /** In the place of the present address: Back does not lead here. */
  instead?: boolean;
}

export function go(to: string, { instead = false }: Going = {}): void {
  if (to === address()) return;
  if (instead) history.replaceState(history.state, "", to);
  else {
    const samePage = to.split("?")[0] === location.pathname;
    history.pushState(null, "", to);
    if (!samePage) document.getElementById("page")?.scrollTo(0, 0);
  }
  changed();
}

/** `pattern` as in `/dags/:dag_id/:tab?`; null where the path is another. */
export function matched(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/");
  const there = path.replace(/(?<=.)\/$/, "").split("/");
  if (there.length > wanted.length) return null;
  const found: Params = {};
  for (const [at, part] of wanted.entries()) {
    const given = there[at];
    if (part.startsWith(":")) {
      if (given === undefined || given === "") {
        if (part.endsWith("?")) continue;
        return null;
      }
      try {
        found[part.replace(/[:?]/g, "")] = decodeURIComponent(given);
      } catch {
        return null;
      }
    } else if (part !== given) return null;
  }
  return found;
}

/** One value behind the `?`. Setting it to its default takes it away; filters replace the address, choices push one. */
export function useQuery(name: string, otherwise = ""): [string, (value: string, going?: Going) => void] {
  const found = new URLSearchParams(useAddress().split("?")[1]).get(name) ?? otherwise;
  const set = useCallback(
    (value: string, going: Going = { instead: true }) => setQuery({ [name]: value === otherwise ? null : value }, going),
    [name, otherwise],
  );
  return [found, set];
}

/** This address with several values changed; null takes one away. */
export function withQuery(values: Record<string, string | null>): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return location.pathname + (text ? `?${text}` : "");
}

export function setQuery(values: Record<string, string | null>, going: Going = { instead: true }): void {
  go(withQuery(values), going);
}

export function Link({ href, onClick, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain || rest.target === "_blank") return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={click} {...rest} />;
}
