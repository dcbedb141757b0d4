// Light, dark, or as the system has it. `public/theme.js` does the same before anything is painted.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "venturi.theme";
const watchers = new Set<() => void>();

function chosen(): Theme {
  const found = document.documentElement.dataset.theme;
  return found === "light" || found === "dark" ? found : "system";
}

export function useTheme(): Theme {
  return useSyncExternalStore((watcher) => {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, chosen);
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this visit.
  }
  for (const watcher of watchers) watcher();
}

export function isDark(): boolean {
  const theme = chosen();
  return theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
}
