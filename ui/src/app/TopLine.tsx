// The top line: where one is, the way to everything, how Venturi is, what time it is, who one is.
import { useSyncExternalStore } from "react";
import { events } from "~/api/events";
import { api, goToSignIn, told } from "~/api/client";
import { ClockIcon, MoonIcon, PersonIcon, SearchIcon, SunIcon } from "~/components/icons";
import { Menu } from "~/components/Menu";
import { clockOf } from "~/models/time.model";
import { zoneName } from "~/models/zones.model";
import { chooseZone, ownZone, useNow, useZone } from "./clock";
import { mod } from "./keys";
import type { Crumb } from "./pages";
import { Link } from "./router";
import { useMe } from "./session";
import { chooseTheme, type Theme, useTheme } from "./theme";
import { toastError } from "./toasts";
import css from "./TopLine.module.css";

export interface TopLineProps {
  crumbs: Crumb[];
  onPalette: () => void;
  onShortcuts: () => void;
  onZone: () => void;
}

export function TopLine({ crumbs, onPalette, onShortcuts, onZone }: TopLineProps) {
  return (
    <header className={css.line}>
      <nav aria-label="Where you are" className={css.crumbs}>
        <ol>
          {crumbs.map((one, at) => (
            <li key={at} aria-current={at === crumbs.length - 1 ? "page" : undefined}>
              {one.href !== undefined && at < crumbs.length - 1 ? <Link href={one.href}>{one.text}</Link> : <span>{one.text}</span>}
            </li>
          ))}
        </ol>
      </nav>
      <button type="button" className={css.search} onClick={onPalette} title="Search or run a command">
        <SearchIcon />
        <span className={css.hint}>Search or run a command</span>
        <kbd aria-hidden="true">{mod === "⌘" ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <Health />
      <Zone onOther={onZone} />
      <Person onShortcuts={onShortcuts} onZone={onZone} />
    </header>
  );
}

function Health() {
  const { web, engine, database } = useSyncExternalStore(events.watch, () => events.standing);
  const parts = [
    ["Web", web],
    ["Engine", engine],
    ["Database", database],
  ] as const;
  const bad = parts.filter(([, up]) => up === false).map(([name]) => name);
  const tone = bad.length > 0 ? "bad" : engine ? "good" : "open";
  const words = bad.length > 0 ? `${bad.join(" and ")} away` : engine ? "All is well" : "Connecting";
  return (
    <span className={css.health} data-tone={tone} role="status" title={`${words}: ${parts.map(([n, up]) => `${n} ${up === null ? "?" : up ? "up" : "away"}`).join(", ")}`}>
      <span className={css.dot} aria-hidden="true" />
      <span className="unseen">{words}</span>
    </span>
  );
}

function Zone({ onOther }: { onOther: () => void }) {
  const zone = useZone();
  const now = useNow();
  const zones = [...new Set([ownZone, "UTC", zone])];
  const name = zoneName(zone).split(", ")[0];
  return (
    <span className={css.zone}>
      <Menu
        kind="quiet"
        label={`Time zone: ${zone}`}
        button={
          <>
            <ClockIcon />
            <span className="numbers">{clockOf(now, zone)}</span>
            <span className={css.zoneName}>{name}</span>
          </>
        }
        items={[
          ...zones.map((one) => ({
            id: one,
            label: one === ownZone && one !== "UTC" ? `${zoneName(one)} (here)` : zoneName(one),
            hint: clockOf(now, one),
            checked: one === zone,
            onChoose: () => chooseZone(one),
          })),
          { id: "other", label: "Another zone…", onChoose: onOther },
        ]}
      />
    </span>
  );
}

const THEMES: [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function Person({ onShortcuts, onZone }: { onShortcuts: () => void; onZone: () => void }) {
  const me = useMe();
  const theme = useTheme();
  const signOut = async () => {
    try {
      await told(api.POST("/api/venturi/v1/sign-out"));
      goToSignIn();
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <Menu
      kind="quiet"
      label="You, theme and help"
      wordless
      button={<PersonIcon />}
      head={me ? `${me.name} (${me.role})` : "…"}
      items={[
        ...THEMES.map(([id, label]) => ({
          id,
          label,
          checked: id === theme,
          hint: id === "light" ? <SunIcon /> : id === "dark" ? <MoonIcon /> : undefined,
          onChoose: () => chooseTheme(id),
        })),
        { id: "zone", label: "Time zone…", onChoose: onZone },
        { id: "shortcuts", label: "Shortcuts", hint: "?", onChoose: onShortcuts },
        { id: "api", label: "API", onChoose: () => location.assign("/docs") },
        { id: "out", label: "Sign out", onChoose: () => void signOut() },
      ]}
    />
  );
}

