// Tabs, each with an address of its own, so they are links.
import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "~/app/router";
import css from "./Tabs.module.css";

export interface Tab {
  id: string;
  label: ReactNode;
  href: string;
  count?: number | undefined;
}

export function Tabs({ label, tabs, chosen }: { label: string; tabs: Tab[]; chosen: string }) {
  const nav = useChosenInSight(chosen);
  return (
    <nav ref={nav} className={css.tabs} aria-label={label}>
      {tabs.map((one) => (
        <Link key={one.id} href={one.href} className={css.tab} aria-current={one.id === chosen ? "page" : undefined}>
          {one.label}
          {one.count !== undefined && <span className={css.count}>{one.count}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Of a row that is longer than the screen, what is chosen comes into sight. */
export function useChosenInSight(chosen: string) {
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    row.current?.querySelector("[aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [chosen]);
  return row;
}
