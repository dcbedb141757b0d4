// The head of what is chosen: its name, its state, and of which run it is.
import { Link } from "~/app/router";
import { type Counts, stateAt } from "~/models/grid.model";
import { links } from "~/models/links.model";
import { wordOf } from "~/models/states.model";
import { StateGlyph } from "../StateGlyph";
import { AbsoluteTime, Duration } from "../Time";
import css from "./ChosenHead.module.css";

export interface ChosenTime {
  runId: string;
  date: number | null;
}

export interface ChosenHeadProps {
  dagId: string;
  name: string;
  href?: string;
  state: string | null | undefined;
  run: ChosenTime;
  span?: { started: number | null; ended: number | null };
  type?: string;
}

export function ChosenHead({ dagId, name, href, state, run, span, type }: ChosenHeadProps) {
  return (
    <header className={css.head}>
      <h2 className={css.name}>{href === undefined ? name : <Link href={href}>{name}</Link>}</h2>
      <p className={css.line}>
        {state !== undefined && <StateGlyph state={state} named />}
        {span !== undefined && <Duration from={span.started} to={span.ended} />}
        {type !== undefined && <span>{type.replaceAll("_", " ")}</span>}
        <Link href={links.run(dagId, run.runId)} className={css.run} title={run.runId}>
          {run.date === null ? run.runId : <AbsoluteTime at={run.date} />}
        </Link>
      </p>
    </header>
  );
}

ChosenHead.Glyph = StateGlyph;

/** Of which run it is, where what is below names the rest. */
export function ChosenBar({ dagId, run }: { dagId: string; run: ChosenTime }) {
  return (
    <p className={css.ofRun}>
      Run of{" "}
      <Link href={links.run(dagId, run.runId)} title={run.runId}>
        {run.date === null ? run.runId : <AbsoluteTime at={run.date} />}
      </Link>
    </p>
  );
}

/** How many stand how, as a bar and in words. */
export function StateCounts({ counts }: { counts: Counts }) {
  const parts = [...counts.of].flatMap((n, code) => (n > 0 ? [{ state: stateAt(code)!, n }] : []));
  return (
    <div className={css.counts}>
      <span className={css.bar} aria-hidden="true">
        {parts.map(({ state, n }) => (
          <span key={state} data-state={state} style={{ flexGrow: n, background: `var(--state-${state})` }} />
        ))}
      </span>
      <span className={css.words}>
        {parts.map(({ state, n }) => (
          <span key={state} className={css.part}>
            <StateGlyph state={state} size={12} />
            {n} {wordOf(state)}
          </span>
        ))}
      </span>
    </div>
  );
}
