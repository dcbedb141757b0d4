// Runs as the overview tells them: a short list of values each, and what an event makes of them.
import type { Told } from "~/api/events";
import type { Schemas } from "~/api/client";
import { isOpenRun } from "./states.model";

type Packed = Schemas["ListedDag"]["runs"][number];

export interface Run {
  number: number;
  runId: string;
  state: string;
  type: string;
  queued: number;
  started: number | null;
  ended: number | null;
  date: number | null;
}

export function runOf(packed: Packed): Run {
  const [number, runId, state, type, queued, started, ended, date] = packed;
  return { number, runId, state, type, queued, started, ended, date };
}

/** How long it took, or has taken so far. */
export function lengthOf(run: Run, now: number): number | null {
  if (run.started === null) return null;
  return Math.max(0, (run.ended ?? now) - run.started);
}

/** A run after an event of kind `run`. */
export function runAfter(run: Packed, event: Told): Packed {
  const [, after] = event.data as [string, string];
  const [number, runId, , type, queued, started, ended, date] = run;
  return [
    number,
    runId,
    after,
    type,
    queued,
    after === "running" ? (started ?? event.at) : started,
    isOpenRun(after) ? null : (ended ?? event.at),
    date,
  ];
}

const TYPES = ["scheduled", "backfill", "asset_triggered", "operator_triggered", "asset"];

/** A run of which nothing is known yet but its event. */
export function runBegun(event: Told): Packed {
  const name = event.dag_run_id ?? "";
  const type = TYPES.find((one) => name.startsWith(`${one}__`)) ?? "manual";
  return runAfter([0, name, "queued", type, event.at, null, null, null], event);
}
