// Runs for the dates of a range: which these would be is shown before they are made. Loads by itself.
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useMemo, useState } from "react";
import { ApiError } from "~/api/client";
import { datesOf, type NewBackfill, startBackfill } from "~/api/start";
import { toast } from "~/app/toasts";
import { jsonObject, refusedAt } from "~/models/form.model";
import { absolute } from "~/models/time.model";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Field, Form, Input, Select, TextArea } from "../Field";
import { Failure, Waiting } from "../Panel";
import css from "./BackfillDialog.module.css";

export interface BackfillDialogProps {
  dagId: string;
  name?: string;
  onClose: () => void;
  onStarted?: (backfill: number) => void;
}

const SHOWN = 400;
const AHEAD_MS = 86_400_000;

interface Typed {
  from: string;
  to: string;
  again: "none" | "failed" | "completed";
  backwards: boolean;
  most: string;
  conf: string;
}

export function BackfillDialog({ dagId, name, onClose, onStarted }: BackfillDialogProps) {
  const id = useId();
  const day = (days: number) => new Date(Date.now() - days * AHEAD_MS).toISOString().slice(0, 10);
  const [typed, setTyped] = useState<Typed>({ from: day(7), to: day(1), again: "none", backwards: false, most: "4", conf: "" });
  const [refused, setRefused] = useState<{ name: string | null; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const found = useMemo(() => wantedOf(dagId, typed), [dagId, typed]);
  const wanted = useDeferredValue("wanted" in found ? found.wanted : null);
  const dates = useQuery({
    queryKey: ["backfill-dates", wanted],
    queryFn: ({ signal }) => datesOf(wanted!, signal),
    enabled: wanted !== null,
    placeholderData: (before) => before,
    retry: false,
    gcTime: 0,
  });
  const set = (more: Partial<Typed>) => {
    setTyped({ ...typed, ...more });
    setRefused(null);
  };
  const errors = "errors" in found ? found.errors : {};
  const at = (name: string) => errors[name] ?? (refused?.name === `:${name}` ? refused.text : undefined);
  const many = wanted === null ? undefined : dates.data?.length;
  const start = async () => {
    if (!("wanted" in found) || busy || many === 0) return;
    setBusy(true);
    try {
      const backfill = await startBackfill(found.wanted);
      toast({ text: `Backfill ${backfill} of ${name ?? dagId} has begun.` });
      onStarted?.(backfill);
      onClose();
    } catch (error) {
      if (error instanceof ApiError && error.waits) {
        toast({ text: error.message });
        onClose();
      } else setRefused(refusedAt(error instanceof Error ? error.message : String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`Backfill ${name ?? dagId}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="main" busy={busy} disabled={many === undefined || many === 0} onClick={() => void start()}>
            {many === undefined || many === 0 ? "Begin" : `Begin ${many === 1 ? "1 run" : `${many} runs`}`}
          </Button>
        </>
      }
    >
      <Form id={id} onSubmit={() => void start()}>
        <div className={css.two}>
          <Field label="From" help="UTC; the date counts." error={at("from_date")}>
            {(ids) => <Input {...ids} type="date" autoFocus value={typed.from} onChange={(event) => set({ from: event.target.value })} />}
          </Field>
          <Field label="To" help="UTC; the day counts to its end." error={at("to_date")}>
            {(ids) => <Input {...ids} type="date" value={typed.to} onChange={(event) => set({ to: event.target.value })} />}
          </Field>
        </div>
        <Field label="Dates that have a run already">
          {(ids) => (
            <Select {...ids} value={typed.again} onChange={(event) => set({ again: event.target.value as Typed["again"] })}>
              <option value="none">stay as they are</option>
              <option value="failed">run again where they failed</option>
              <option value="completed">run again, all of them</option>
            </Select>
          )}
        </Field>
        <div className={css.two}>
          <Field label="Runs at a time" error={at("most")}>
            {(ids) => <Input {...ids} type="number" min={1} step={1} value={typed.most} onChange={(event) => set({ most: event.target.value })} />}
          </Field>
          <Field label="Order">
            {(ids) => (
              <Select {...ids} value={typed.backwards ? "back" : "on"} onChange={(event) => set({ backwards: event.target.value === "back" })}>
                <option value="on">oldest first</option>
                <option value="back">newest first</option>
              </Select>
            )}
          </Field>
        </div>
        <details className={css.more}>
          <summary>Params</summary>
          <Field label="Params of each run" help="A JSON object; what it does not name keeps its default." error={at("conf")}>
            {(ids) => <TextArea {...ids} mono rows={4} value={typed.conf} onChange={(event) => set({ conf: event.target.value })} />}
          </Field>
        </details>
        {refused !== null && refused.name === null && <Failure error={refused.text} />}
        <div className={css.preview} aria-live="polite">
          {wanted !== null && dates.error !== null && <Failure error={dates.error} />}
          {wanted !== null && dates.isPending && <Waiting rows={3} label="Looking which dates these are" />}
          {many !== undefined && dates.error === null && (
            <>
              <h3>{many === 0 ? "No date of this range needs a run." : many === 1 ? "1 run would be made" : `${many} runs would be made`}</h3>
              {many > 0 && <Dates dates={dates.data!} />}
            </>
          )}
        </div>
        <button type="submit" hidden />
      </Form>
    </Dialog>
  );
}

function Dates({ dates }: { dates: number[] }) {
  const whole = dates.every((at) => at % 86_400 === 0);
  return (
    <ul tabIndex={0} aria-label="The dates">
      {dates.slice(0, SHOWN).map((at) => (
        <li key={at}>{whole ? absolute(at, "UTC").slice(0, 10) : absolute(at, "UTC").slice(0, 16)}</li>
      ))}
      {dates.length > SHOWN && <li>… and {dates.length - SHOWN} more</li>}
    </ul>
  );
}

function wantedOf(dagId: string, typed: Typed): { wanted: NewBackfill } | { errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  if (typed.from === "") errors.from_date = "Say the first day.";
  if (typed.to === "") errors.to_date = "Say the last day.";
  if (typed.from !== "" && typed.to !== "" && typed.to < typed.from) errors.to_date = "It is before the first day.";
  const most = Number(typed.most);
  if (!Number.isInteger(most) || most < 1) errors.most = "At least 1.";
  const conf = jsonObject(typed.conf);
  if ("error" in conf) errors.conf = conf.error;
  if (Object.keys(errors).length > 0 || "error" in conf) return { errors };
  return {
    wanted: {
      dag_id: dagId,
      from_date: `${typed.from}T00:00:00+00:00`,
      to_date: `${typed.to}T23:59:59+00:00`,
      run_backwards: typed.backwards,
      reprocess_behavior: typed.again,
      max_active_runs: most,
      ...(Object.keys(conf.value as object).length > 0 ? { dag_run_conf: conf.value as never } : {}),
    },
  };
}
