// A part of a page with a heading, and what a part says while there is nothing in it.
import type { ReactNode } from "react";
import css from "./Panel.module.css";

export interface PanelProps {
  title?: ReactNode;
  more?: ReactNode; // at the right of the heading
  children: ReactNode;
  /** Without space around, for lists that reach the edge. */
  flush?: boolean;
}

export function Panel({ title, more, children, flush = false }: PanelProps) {
  return (
    <section className={css.panel}>
      {(title !== undefined || more !== undefined) && (
        <header className={css.head}>
          <h2>{title}</h2>
          {more !== undefined && <div className={css.more}>{more}</div>}
        </header>
      )}
      <div className={css.body} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}

/** What could be here, and how it comes to be. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      <p className={css.emptyTitle}>{title}</p>
      {children !== undefined && <div className={css.emptyText}>{children}</div>}
      {action}
    </div>
  );
}

/** What went wrong where something would have been, and what to do. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div className={css.failure} role="alert">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {again !== undefined && (
        <button type="button" className={css.again} onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Room for what is on its way; it shows itself only if that takes long. */
export function Waiting({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div className={css.waiting} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} style={{ width: `${88 - ((at * 17) % 46)}%` }} />
      ))}
    </div>
  );
}
