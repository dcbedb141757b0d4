// The instances of a mapped task, each by its label, whether it has begun or not.
import { useMemo } from "react";
import { Link } from "~/app/router";
import type { MappedLine } from "~/models/attempt.model";
import { BY_WEIGHT, wordOf } from "~/models/states.model";
import { type Column, DataTable } from "../DataTable";
import { Empty } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { Duration } from "../Time";
import css from "./Mapped.module.css";

/** How many instances stand how, as a bar of their colours; the words are for those who point or hear. */
export function CountBar({ counts }: { counts: Record<string, number> }) {
  const there = BY_WEIGHT.filter((state) => (counts[state] ?? 0) > 0);
  const all = there.reduce((sum, state) => sum + counts[state]!, 0);
  const words = there.map((state) => `${counts[state]} ${wordOf(state)}`).join(", ");
  return (
    <span className={css.bar} role="img" aria-label={words} title={words}>
      {[...there].reverse().map((state) => (
        <span key={state} data-state={state} style={{ flexGrow: counts[state]! / Math.max(1, all) }} />
      ))}
    </span>
  );
}

export interface MappedProps {
  n: number;
  lines: MappedLine[];
  chosen?: number;
  hrefOf: (mapIndex: number) => string;
}

export function Mapped({ n, lines, hrefOf }: MappedProps) {
  const columns = useMemo<Column<MappedLine>[]>(
    () => [
      {
        id: "label",
        header: "Instance",
        width: "2 1 140px",
        cell: (one) => (
          <span className={css.name}>
            <StateGlyph state={one.state} size={13} />
            <span className={css.label}>{one.label ?? `Instance ${one.map_index}`}</span>
            {one.label && one.label !== String(one.map_index) && <span className={css.index}>{one.map_index}</span>}
          </span>
        ),
      },
      {
        id: "state",
        header: "State",
        width: "1 1 110px",
        from: 480,
        cell: (one) => (
          <span className={css.soft} title={one.reason ?? undefined}>
            {wordOf(one.state)}
            {one.try_number > 1 && `, try ${one.try_number}`}
          </span>
        ),
      },
      { id: "took", header: "Took", width: "90px", align: "end", cell: (one) => <Duration from={one.started} to={one.state === "none" ? one.started : one.ended} /> },
    ],
    [],
  );
  return (
    <div className={css.list}>
      <DataTable
        label="Instances"
        columns={columns}
        rows={lines}
        keyOf={(one) => String(one.map_index)}
        hrefOf={(one) => hrefOf(one.map_index)}
        rowHeight={34}
        empty={
          <Empty title="There are no instances yet.">
            <p>How many there are is known when what it is mapped over is there.</p>
          </Empty>
        }
      />
      {lines.length < n && <p className={css.more}>The first {lines.length} of {n} stand here.</p>}
    </div>
  );
}

/** To the instances beside this one. */
export function Neighbours({ n, at, hrefOf }: { n: number; at: number; hrefOf: (mapIndex: number) => string }) {
  return (
    <span className={css.neighbours}>
      {at > 0 && (
        <Link href={hrefOf(at - 1)} aria-label="The instance before" title="The instance before">
          ‹
        </Link>
      )}
      <Link href={hrefOf(-1)} title="All instances">
        {at + 1} of {n}
      </Link>
      {at < n - 1 && (
        <Link href={hrefOf(at + 1)} aria-label="The next instance" title="The next instance">
          ›
        </Link>
      )}
    </span>
  );
}
