// One value, looked at in the way that suits it: table, plot, image, text, tree. Nothing in it is ever markup.
import { useMemo, useState } from "react";
import { drawn, imageOf, type Look, looksOf, rowsOf, seriesOf, textOf } from "~/models/values.model";
import { Button } from "../Button";
import { Code } from "../Code";
import { type Column, DataTable } from "../DataTable";
import { CopyIcon } from "../icons";
import { JsonTree } from "../JsonTree";
import { toast } from "~/app/toasts";
import css from "./ValueView.module.css";

const NAMES: Record<Look, string> = { tree: "Tree", table: "Table", plot: "Plot", image: "Image", text: "Text" };
const SERIES_MAX = 6;
const TABLE_PX_MAX = 420;

export function ValueView({ value, name }: { value: unknown; name: string }) {
  const looks = useMemo(() => looksOf(value), [value]);
  const [chosen, setChosen] = useState<Look | null>(null);
  const look = chosen !== null && looks.includes(chosen) ? chosen : looks[0]!;
  return (
    <div className={css.value}>
      <div className={css.bar}>
        {looks.length > 1 && (
          <div role="group" aria-label="Look at it as" className={css.looks}>
            {looks.map((one) => (
              <Button key={one} size="small" kind="quiet" pressed={one === look} onClick={() => setChosen(one)}>
                {NAMES[one]}
              </Button>
            ))}
          </div>
        )}
        <Button
          size="small"
          kind="quiet"
          title="Copy as JSON"
          onClick={() => {
            const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
            void navigator.clipboard.writeText(text).then(() => toast({ text: "Copied." }));
          }}
        >
          <CopyIcon /> Copy
        </Button>
      </div>
      {look === "image" && <img className={css.image} src={imageOf(value)!} alt={`The value ${name}`} />}
      {look === "table" && <Table value={value} name={name} />}
      {look === "plot" && <Plots value={value} />}
      {look === "text" && <Code code={String(value)} numbered={false} wrap label={`The value ${name}`} />}
      {look === "tree" && (
        <div className={css.tree}>
          <JsonTree value={value} />
        </div>
      )}
    </div>
  );
}

interface Row {
  at: number;
  cells: unknown[];
}

function Table({ value, name }: { value: unknown; name: string }) {
  const found = useMemo(() => rowsOf(value), [value]);
  const rows = useMemo<Row[]>(() => (found?.rows ?? []).map((cells, at) => ({ at, cells })), [found]);
  const columns = useMemo<Column<Row>[]>(() => {
    const numbers = (at: number) => rows.slice(0, 50).every((row) => row.cells[at] === null || typeof row.cells[at] === "number");
    return [
      { id: "#", header: "#", width: "44px", align: "end", cell: (row) => <span className={css.count}>{row.at}</span> },
      ...(found?.columns ?? []).map((name, at): Column<Row> => {
        const isNumber = numbers(at);
        return {
          id: name,
          header: name,
          width: isNumber ? "0 1 110px" : "1 1 150px",
          ...(isNumber ? { align: "end" as const } : {}),
          cell: (row) => (
            <span className={css.cell} title={textOf(row.cells[at])}>
              {textOf(row.cells[at])}
            </span>
          ),
        };
      }),
    ];
  }, [found, rows]);
  return (
    <div className={css.table} style={{ height: Math.min(TABLE_PX_MAX, 36 + rows.length * 30 + 4) }}>
      <div className={css.wide} style={{ minWidth: columns.length * 92 }}>
        <DataTable label={`The value ${name}`} columns={columns} rows={rows} keyOf={(row) => String(row.at)} rowHeight={30} />
      </div>
    </div>
  );
}

const WIDE = 640;
const HIGH = 150;

function Plots({ value }: { value: unknown }) {
  const series = useMemo(() => seriesOf(value).slice(0, SERIES_MAX), [value]);
  return (
    <div className={css.plots}>
      {series.map((one) => {
        const line = drawn(one.points, WIDE, HIGH);
        if (line === null) return null;
        const round = (n: number) => Number(n.toPrecision(5)).toLocaleString("en-GB");
        return (
          <figure key={one.name} className={css.plot}>
            <figcaption>
              {one.name}
              <span className={css.count}>
                {one.points.length} points, {round(line.low)} to {round(line.high)}
              </span>
            </figcaption>
            <svg viewBox={`0 -4 ${WIDE} ${HIGH + 8}`} preserveAspectRatio="none" role="img" aria-label={`${one.name}: ${one.points.length} points from ${round(line.low)} to ${round(line.high)}`}>
              <path d={`M0 0H${WIDE}M0 ${HIGH / 2}H${WIDE}M0 ${HIGH}H${WIDE}`} className={css.grid} />
              <path d={line.path} className={css.line} />
            </svg>
          </figure>
        );
      })}
    </div>
  );
}
