// The frame of the admin screens: the list of sections at the side, and the head and room of the one that is open.
import type { ReactNode } from "react";
import { Link } from "~/app/router";
import type { Section } from "~/models/admin.model";
import { links } from "~/models/links.model";
import { useChosenInSight } from "../Tabs";
import css from "./Admin.module.css";

export function AdminFrame({ sections, chosen, children }: { sections: Section[]; chosen: string; children: ReactNode }) {
  const groups = [...new Set(sections.map((one) => one.group))];
  const nav = useChosenInSight(chosen);
  return (
    <div className={css.frame}>
      <nav ref={nav} className={css.nav} aria-label="Admin" tabIndex={0}>
        {groups.map((group) => (
          <div key={group} className={css.group}>
            <p className={css.groupName}>{group}</p>
            {sections
              .filter((one) => one.group === group)
              .map((one) => (
                <Link
                  key={one.id}
                  href={links.admin(one.id)}
                  className={css.link}
                  aria-current={one.id === chosen ? "page" : undefined}
                >
                  {one.label}
                </Link>
              ))}
          </div>
        ))}
      </nav>
      {children}
    </div>
  );
}

export interface SectionViewProps {
  title: string;
  words?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
}

export function SectionView({ title, words, acts, children }: SectionViewProps) {
  return (
    <section className={css.section} aria-label={title}>
      <header className={css.head}>
        <div className={css.title}>
          <h1>{title}</h1>
          {words !== undefined && <p>{words}</p>}
        </div>
        {acts !== undefined && <div className={css.acts}>{acts}</div>}
      </header>
      <div className={css.body}>{children}</div>
    </section>
  );
}
