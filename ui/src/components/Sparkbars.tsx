// A small bar for each run: how long it took by its height, what became of it by colour and, for failures, by shape.
import { Link } from "~/app/router";
import { stateOf, wordOf } from "~/models/states.model";
import css from "./Sparkbars.module.css";

export interface Bar {
  key: string;
  state: string;
  /** Its height, from 0 to 1. */
  share: number;
  title: string;
  href?: string;
}

export interface SparkbarsProps {
  bars: Bar[]; // oldest first
  places: number;
  label: string;
}

export function Sparkbars({ bars, places, label }: SparkbarsProps) {
  if (bars.length === 0) return <span className={css.bars} style={{ width: places * 8 - 2 }} />;
  return (
    <span className={css.bars} role="list" aria-label={label} style={{ width: places * 8 - 2 }}>
      {bars.slice(-places).map((one) => {
        const height = `${Math.round(18 + 82 * Math.min(1, Math.max(0, one.share)))}%`;
        const bar = <span className={css.bar} data-state={stateOf(one.state)} style={{ height }} />;
        return (
          <span key={one.key} role="listitem" className={css.place} title={one.title}>
            {one.href ? (
              <Link href={one.href} className={css.link} aria-label={`${wordOf(one.state)}: ${one.title}`} tabIndex={-1}>
                {bar}
              </Link>
            ) : (
              <span className={css.link}>{bar}</span>
            )}
          </span>
        );
      })}
    </span>
  );
}
