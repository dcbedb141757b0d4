// A dense table of any length: only the rows in sight are there. Order is the caller's (it stands in the address).
import { type CSSProperties, type ReactNode, useCallback, useEffect, useRef } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Link } from "~/app/router";
import { DownIcon, UpIcon } from "./icons";
import css from "./DataTable.module.css";

export interface Column<Row> {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** As a flex: `1 1 240px`, or a width: `120px`. */
  width?: string;
  align?: "end";
  /** By which word in the address this column orders. */
  sort?: string;
  /** Not shown where the table is narrower than this. */
  from?: 480 | 640 | 800 | 1000 | 1200;
}

export interface DataTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  /** A row that leads somewhere: its first cell is the link, and the row is clicked as one. */
  hrefOf?: (row: Row) => string;
  sort?: string; // `next`, or `-next` for falling
  onSort?: (sort: string) => void;
  rowHeight?: number;
  empty?: ReactNode;
  chosen?: ReadonlySet<string>;
  onChoose?: (keys: ReadonlySet<string>) => void;
  /** Called when the end comes into sight. */
  onEnd?: () => void;
  /** By which the place in the list is found again when one comes back. */
  place?: string;
  toneOf?: (row: Row) => string | undefined;
}

const places = new Map<string, number>();

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, keyOf, hrefOf, sort, onSort, rowHeight = 36, empty, chosen, onChoose, onEnd, place } = props;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (at) => keyOf(rows[at]!),
    initialOffset: place !== undefined ? (places.get(place) ?? 0) : 0,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 1 && rows.length > 0) onEnd?.();
  }, [last, rows.length, onEnd]);
  const choose = useCallback(
    (key: string, on: boolean) => {
      const next = new Set(chosen);
      if (on) next.add(key);
      else next.delete(key);
      onChoose?.(next);
    },
    [chosen, onChoose],
  );
  const all = rows.length > 0 && chosen !== undefined && rows.every((row) => chosen.has(keyOf(row)));
  return (
    <div
      ref={box}
      className={css.box}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      onScroll={() => place !== undefined && places.set(place, box.current?.scrollTop ?? 0)}
    >
      <div role="rowgroup" className={css.head}>
        <div role="row" className={css.row} aria-rowindex={1}>
          {onChoose && (
            <span role="columnheader" className={css.choice}>
              <input
                type="checkbox"
                aria-label="Choose all"
                checked={all}
                onChange={(event) => onChoose(event.target.checked ? new Set(rows.map(keyOf)) : new Set())}
              />
            </span>
          )}
          {columns.map((one) => (
            <Header key={one.id} column={one} sort={sort} onSort={onSort} />
          ))}
        </div>
      </div>
      {rows.length === 0 && <div className={css.empty}>{empty ?? "Nothing here."}</div>}
      <div role="rowgroup" className={css.body} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]!;
          const key = keyOf(row);
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={chosen?.has(key)}
              className={css.row}
              data-tone={props.toneOf?.(row)}
              data-leads={hrefOf !== undefined || undefined}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
            >
              {onChoose && (
                <span role="cell" className={css.choice}>
                  <input
                    type="checkbox"
                    aria-label={`Choose ${key}`}
                    checked={chosen?.has(key) ?? false}
                    onChange={(event) => choose(key, event.target.checked)}
                  />
                </span>
              )}
              {columns.map((one, at) => (
                <span
                  key={one.id}
                  role="cell"
                  className={css.cell}
                  data-align={one.align}
                  data-from={one.from}
                  style={widthOf(one.width)}
                >
                  {at === 0 && hrefOf !== undefined ? (
                    <Link href={hrefOf(row)} className={css.lead}>
                      {one.cell(row)}
                    </Link>
                  ) : (
                    one.cell(row)
                  )}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function widthOf(width: string | undefined): CSSProperties {
  if (width === undefined) return { flex: "1 1 120px" };
  return { flex: width.includes(" ") ? width : `0 0 ${width}` };
}

interface HeaderProps<Row> {
  column: Column<Row>;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
}

function Header<Row>({ column, sort, onSort }: HeaderProps<Row>) {
  const by = column.sort;
  const isBy = by !== undefined && sort?.replace("-", "") === by;
  const falls = isBy && sort!.startsWith("-");
  return (
    <span
      role="columnheader"
      className={css.cell}
      data-align={column.align}
      data-from={column.from}
      style={widthOf(column.width)}
      aria-sort={isBy ? (falls ? "descending" : "ascending") : undefined}
    >
      {by !== undefined && onSort !== undefined ? (
        <button type="button" className={css.sort} onClick={() => onSort(isBy && !falls ? `-${by}` : by)}>
          {column.header}
          {isBy && (falls ? <DownIcon /> : <UpIcon />)}
        </button>
      ) : (
        column.header
      )}
    </span>
  );
}
