// Starts a run with params: a form from what the DAG's file says of them. Loads by itself; any page opens it.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useMemo, useState } from "react";
import { ApiError } from "~/api/client";
import { givenTo, type Startable, startableQuery, startWith } from "~/api/start";
import { go } from "~/app/router";
import { toast } from "~/app/toasts";
import { changed, type Field as ParamField, fieldsOf, type Filled, filledOf, jsonObject, readAll, refusedAt } from "~/models/form.model";
import { links } from "~/models/links.model";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Field, Form, Input, TextArea } from "../Field";
import { Failure, Waiting } from "../Panel";
import { ParamFields } from "./ParamFields";
import css from "./TriggerDialog.module.css";

export interface TriggerDialogProps {
  dagId: string;
  /** A run whose params are taken as they were. */
  like?: string;
  onClose: () => void;
  /** In the place of closing and opening the page of the run. */
  onStarted?: (runId: string) => void;
}

export function TriggerDialog({ dagId, like, onClose, onStarted }: TriggerDialogProps) {
  const dag = useQuery(startableQuery(dagId));
  const given = useQuery({ queryKey: ["given", dagId, like], queryFn: () => givenTo(dagId, like!), enabled: like !== undefined && like !== "" });
  const ready = dag.data !== undefined && (!given.isEnabled || given.data !== undefined);
  if (ready) return <Filling dag={dag.data} given={given.data ?? {}} onClose={onClose} onStarted={onStarted} />;
  const error = dag.error ?? given.error;
  return (
    <Dialog title="Start a run" onClose={onClose}>
      {error !== null ? <Failure error={error} /> : <Waiting rows={5} />}
    </Dialog>
  );
}

interface FillingProps {
  dag: Startable;
  given: Record<string, unknown>;
  onClose: () => void;
  onStarted: ((runId: string) => void) | undefined;
}

interface More {
  runId: string;
  date: string;
  note: string;
}

function Filling({ dag, given, onClose, onStarted }: FillingProps) {
  const id = useId();
  const fields = useMemo(() => fieldsOf(dag.params), [dag]);
  const [filled, setFilled] = useState<Filled>(() => filledOf(fields, given));
  const [json, setJson] = useState<string | null>(fields.length === 0 && Object.keys(given).length > 0 ? JSON.stringify(given, null, 2) : null);
  const [more, setMore] = useState<More>({ runId: "", date: "", note: "" });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (name: string, error: string | undefined) =>
    setErrors(({ [name]: _, ...rest }) => (error === undefined ? rest : { ...rest, [name]: error }));

  const start = async (unpause: boolean) => {
    if (busy) return;
    const found = json === null ? fromFields(fields, filled, given) : fromJson(json);
    setErrors(found.errors);
    setRefused(null);
    if (Object.keys(found.errors).length > 0) return;
    setBusy(true);
    try {
      const wanted = {
        conf: found.conf,
        ...(more.runId.trim() ? { runId: more.runId.trim() } : {}),
        ...(more.date ? { date: `${more.date}${more.date.length === 16 ? ":00" : ""}+00:00` } : {}),
        ...(more.note.trim() ? { note: more.note } : {}),
      };
      const runId = await startWith(dag.dagId, wanted, unpause);
      if (onStarted !== undefined) onStarted(runId);
      else {
        onClose();
        go(links.run(dag.dagId, runId));
      }
      toast({ text: `Started ${dag.name}.` });
    } catch (error) {
      if (error instanceof ApiError && error.waits) {
        toast({ text: error.message });
        onClose();
        return;
      }
      const { name, text } = refusedAt(error instanceof Error ? error.message : String(error));
      if (name !== null && (name.startsWith(":") || (json === null && fields.some((one) => one.name === name)))) setErrors({ [name]: text });
      else setRefused(text);
    } finally {
      setBusy(false);
    }
  };

  const asJson = () => {
    if (json !== null) return setJson(null);
    const { conf } = fromFields(fields, filled, given);
    setJson(JSON.stringify(conf, null, 2));
  };
  // What is wrong is where one looks.
  useEffect(() => {
    if (Object.keys(errors).length > 0) document.querySelector<HTMLElement>("dialog [aria-invalid=true]")?.focus();
  }, [errors]);

  return (
    <Dialog
      title={`Start ${dag.name}`}
      onClose={onClose}
      foot={
        dag.paused ? (
          <>
            <Button busy={busy} onClick={() => void start(false)}>
              Run when unpaused
            </Button>
            <Button kind="main" busy={busy} onClick={() => void start(true)}>
              Unpause and run
            </Button>
          </>
        ) : (
          <>
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="main" busy={busy} onClick={() => void start(false)}>
              Start
            </Button>
          </>
        )
      }
    >
      <Form id={id} onSubmit={() => void start(dag.paused)}>
        {dag.paused && (
          <p className={css.paused}>
            It is paused: a run waits until it is unpaused.{dag.hasSchedule && " Unpausing also starts what its schedule has due."}
          </p>
        )}
        {refused !== null && <Failure error={refused} />}
        {json === null ? (
          <ParamFields
            fields={fields}
            filled={filled}
            errors={errors}
            first
            onChange={(name, now) => {
              setFilled({ ...filled, [name]: now });
              if (errors[name] !== undefined) set(name, undefined);
            }}
          />
        ) : (
          <Field label="Params" help="A JSON object; what it does not name keeps its default." error={errors[":conf"]}>
            {(ids) => <TextArea {...ids} mono rows={10} autoFocus value={json} onChange={(event) => setJson(event.target.value)} />}
          </Field>
        )}
        {fields.length === 0 && json === null && <p className={css.soft}>It takes no params.</p>}
        <div>
          <Button size="small" kind="quiet" pressed={json !== null} onClick={asJson}>
            As JSON
          </Button>
        </div>
        <details className={css.more}>
          <summary>More: date, name, note</summary>
          <div className={css.inside}>
            <Field label="Logical date" help="In UTC. Without one the run is about no date." error={errors[":logical_date"]}>
              {(ids) => <Input {...ids} type="datetime-local" step={1} value={more.date} onChange={(event) => setMore({ ...more, date: event.target.value })} />}
            </Field>
            <Field label="Name of the run" help="Without one it is named by its moment." error={errors[":dag_run_id"]}>
              {(ids) => <Input {...ids} mono value={more.runId} onChange={(event) => setMore({ ...more, runId: event.target.value })} />}
            </Field>
            <Field label="Note" error={errors[":note"]}>
              {(ids) => <TextArea {...ids} rows={2} maxLength={1000} value={more.note} onChange={(event) => setMore({ ...more, note: event.target.value })} />}
            </Field>
          </div>
        </details>
        <button type="submit" hidden />
      </Form>
    </Dialog>
  );
}

interface Found {
  conf: Record<string, unknown>;
  errors: Record<string, string>;
}

function fromFields(fields: ParamField[], filled: Filled, given: Record<string, unknown>): Found {
  const { values, errors } = readAll(fields, filled);
  // What another run was given beside the params is given again.
  const beside = Object.fromEntries(Object.entries(given).filter(([name]) => !fields.some((one) => one.name === name)));
  return { conf: { ...beside, ...changed(fields, values) }, errors };
}

function fromJson(text: string): Found {
  const read = jsonObject(text);
  return "error" in read ? { conf: {}, errors: { ":conf": read.error } } : { conf: read.value as Record<string, unknown>, errors: {} };
}
