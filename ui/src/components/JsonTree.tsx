// A JSON value as a tree that unfolds; large lists show their first entries, and more when asked.
import { type ReactNode, useState } from "react";
import css from "./JsonTree.module.css";

export interface JsonTreeProps {
  value: unknown;
  /** How many levels stand open at first. */
  open?: number;
}

const STEP = 100;
const TEXT_MAX = 2000;

export function JsonTree({ value, open = 2 }: JsonTreeProps) {
  return (
    <div className={css.tree}>
      <Node value={value} depth={0} open={open} />
    </div>
  );
}

interface NodeProps {
  name?: string | number;
  value: unknown;
  depth: number;
  open: number;
}

function Node({ name, value, depth, open }: NodeProps) {
  const [unfolded, setUnfolded] = useState(depth < open);
  const [many, setMany] = useState(STEP);
  const label = name === undefined ? null : <span className={css.name}>{name}: </span>;
  if (value === null || typeof value !== "object") {
    return (
      <div>
        {label}
        <Leaf value={value} />
      </div>
    );
  }
  const isList = Array.isArray(value);
  const entries: [string | number, unknown][] = isList ? value.map((one, at) => [at, one]) : Object.entries(value);
  if (entries.length === 0) {
    return (
      <div>
        {label}
        <span className={css.told}>{isList ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <div>
      <button type="button" className={css.fold} aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
        <span className={css.arrow}>▸</span>
        {label}
        <span className={css.told}>{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </button>
      {unfolded && (
        <div className={css.inside}>
          {entries.slice(0, many).map(([key, one]) => (
            <Node key={key} name={key} value={one} depth={depth + 1} open={open} />
          ))}
          {entries.length > many && (
            <button type="button" className={css.fold} onClick={() => setMany(many + 10 * STEP)}>
              … {entries.length - many} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { value: unknown }): ReactNode {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span data-kind={value === null ? "null" : typeof value}>{String(value)}</span>;
  const cut = !whole && value.length > TEXT_MAX;
  return (
    <>
      <span data-kind="string">{JSON.stringify(cut ? value.slice(0, TEXT_MAX) : value)}</span>
      {cut && (
        <button type="button" className={css.fold} onClick={() => setWhole(true)}>
          … {value.length - TEXT_MAX} more characters
        </button>
      )}
    </>
  );
}
