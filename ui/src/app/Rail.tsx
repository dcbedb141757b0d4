// The rail: the places of the interface. On a phone it is the bar below.
import { useQuery } from "@tanstack/react-query";
import { questionsQuery } from "~/api/questions";
import { Link } from "./router";
import { usePlaces } from "./session";
import { links } from "~/models/links.model";
import css from "./Rail.module.css";

export function Rail({ path }: { path: string }) {
  const waiting = useQuery(questionsQuery(false)).data?.total_entries ?? 0;
  const places = usePlaces();
  const here = places.findLast((place) => place.href !== "/" && (path === place.href || path.startsWith(`${place.href}/`)));
  return (
    <nav className={css.rail} aria-label="Places">
      <Link href={links.home()} className={css.mark} aria-label="Venturi" title="Venturi">
        <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
          <path
            d="M3 8c9 0 9 5 13 5s4-5 13-5M3 24c9 0 9-5 13-5s4 5 13 5"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.4"
            strokeLinecap="round"
          />
          <path d="M5 16h22" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeDasharray="3 4" opacity="0.7" />
        </svg>
      </Link>
      {places.map((place) => (
        <Link
          key={place.href}
          href={place.href}
          className={css.place}
          aria-current={place === here || (place.href === "/" && (path === "/" || path === "/home")) ? "page" : undefined}
        >
          <place.icon />
          <span>{place.label}</span>
          {place.href === links.approvals() && waiting > 0 && (
            <span className={css.count} aria-label={`${waiting} waiting`}>
              {waiting}
            </span>
          )}
        </Link>
      ))}
    </nav>
  );
}
