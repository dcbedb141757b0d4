// What one looks for among the runs; while some are chosen, what can be done to them.
import { type RunFilter, RUN_TYPES, typeWord } from "~/models/run-list.model";
import { Button } from "../Button";
import { SearchInput } from "../Field";
import { DownIcon } from "../icons";
import { Menu } from "../Menu";
import { Segments } from "../Segments";
import { StateGlyph } from "../StateGlyph";
import type { BulkAction } from "./BulkDialog";
import css from "./RunFilters.module.css";

export interface RunFiltersProps {
  filter: RunFilter;
  total: number | null;
  onDag: (text: string) => void;
  onStates: (states: string[]) => void;
  onTypes: (types: string[]) => void;
  onSince: (since: string) => void;
  chosen: number;
  open: number; // of the chosen, those that are not over
  onNone: () => void;
  onAct: (action: BulkAction) => void;
}

const STATES = ["running", "queued", "failed", "success"];
const SPANS: [string, string][] = [
  ["", "Ever"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

const toggled = (all: string[], one: string) => (all.includes(one) ? all.filter((each) => each !== one) : [...all, one]);

export function RunFilters(props: RunFiltersProps) {
  const { filter, total, chosen, open } = props;
  if (chosen > 0) {
    return (
      <div className={css.filters} data-acting role="region" aria-label="Chosen runs">
        <strong className="numbers" role="status">
          {chosen === 1 ? "1 run chosen" : `${chosen} runs chosen`}
        </strong>
        <Button onClick={() => props.onAct("clear")}>Clear…</Button>
        <Button kind="danger" disabled={open === 0} onClick={() => props.onAct("cancel")}>
          Cancel…
        </Button>
        <Button onClick={() => props.onAct("succeed")}>Mark as succeeded…</Button>
        <Button kind="quiet" onClick={props.onNone}>
          Choose none
        </Button>
      </div>
    );
  }
  return (
    <div className={css.filters}>
      <h1 className="unseen">Runs</h1>
      <div className={css.search}>
        <SearchInput id="runs-dag" label="Filter by DAG" hint="Filter by DAG  ( / )" value={filter.dag} onChange={props.onDag} />
      </div>
      <Segments
        label="State"
        choices={STATES.map((id) => ({ id, label: <StateGlyph state={id} size={12} named /> }))}
        chosen={filter.states}
        onChoose={(state) => props.onStates(toggled(filter.states, state))}
      />
      <Menu
        side="start"
        label="What started it"
        button={
          <>
            {filter.types.length === 0 ? "Started by" : filter.types.map(typeWord).join(", ")} <DownIcon />
          </>
        }
        items={RUN_TYPES.map((type) => ({
          id: type,
          label: typeWord(type),
          checked: filter.types.includes(type),
          onChoose: () => props.onTypes(toggled(filter.types, type)),
        }))}
      />
      <Menu
        side="start"
        label="Since when"
        button={
          <>
            {SPANS.find(([id]) => id === filter.since)?.[1] ?? "Ever"} <DownIcon />
          </>
        }
        items={SPANS.map(([id, label]) => ({ id, label, checked: id === filter.since, onChoose: () => props.onSince(id) }))}
      />
      <span className={css.count} role="status">
        {total !== null && `${total.toLocaleString("en")} ${total === 1 ? "run" : "runs"}`}
      </span>
    </div>
  );
}
