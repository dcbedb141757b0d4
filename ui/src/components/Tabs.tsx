// Tabs, each with an address of its own, so they are links.
import type { ReactNode } from "react";
import { Link } from "~/app/router";
import css from "./Tabs.module.css";

export interface Tab {
  id: string;
  label: ReactNode;
  href: string;
  count?: number | undefined;
}

export function Tabs({ label, tabs, chosen }: { label: string; tabs: Tab[]; chosen: string }) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((one) => (
        <Link key={one.id} href={one.href} className={css.tab} aria-current={one.id === chosen ? "page" : undefined}>
          {one.label}
          {one.count !== undefined && <span className={css.count}>{one.count}</span>}
        </Link>
      ))}
    </nav>
  );
}
