// Of which run something is shown: a step to the one before and after, and a list.
import { useZone } from "~/app/clock";
import type { GridRun } from "~/models/grid.model";
import { absolute } from "~/models/time.model";
import { wordOf } from "~/models/states.model";
import { Button } from "../Button";
import { Select } from "../Field";
import { ChevronIcon } from "../icons";
import { StateGlyph } from "../StateGlyph";
import css from "./RunChooser.module.css";

export interface RunChooserProps {
  runs: GridRun[]; // oldest first
  chosen: string | undefined;
  onChoose: (runId: string) => void;
}

export function RunChooser({ runs, chosen, onChoose }: RunChooserProps) {
  const zone = useZone();
  const at = runs.findIndex((run) => run.runId === chosen);
  const run = runs[at];
  const step = (by: number) => {
    const next = runs[at + by];
    if (next !== undefined) onChoose(next.runId);
  };
  return (
    <div className={css.chooser}>
      <Button size="small" kind="quiet" label="The run before" disabled={at <= 0} onClick={() => step(-1)}>
        <span className={css.back}>
          <ChevronIcon />
        </span>
      </Button>
      {run !== undefined && <StateGlyph state={run.state} />}
      <Select aria-label="Run" value={chosen ?? ""} onChange={(event) => onChoose(event.target.value)}>
        {at < 0 && chosen !== undefined && <option value={chosen}>{chosen}</option>}
        {[...runs].reverse().map((one) => (
          <option key={one.runId} value={one.runId}>
            {absolute(one.date ?? one.queued, zone)} · {wordOf(one.state)}
          </option>
        ))}
      </Select>
      <Button size="small" kind="quiet" label="The run after" disabled={at < 0 || at >= runs.length - 1} onClick={() => step(1)}>
        <ChevronIcon />
      </Button>
    </div>
  );
}
