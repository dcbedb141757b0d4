// A pool, new or changed; and how full one is.
import { useState } from "react";
import type { Pool, PoolGiven } from "~/api/admin";
import { sharesOf } from "~/models/admin.model";
import { Field, Input } from "../Field";
import { FormDialog } from "./FormDialog";
import css from "./Admin.module.css";

export interface PoolFormProps {
  one: Pool | null;
  onSave: (given: PoolGiven) => Promise<void>;
  onClose: () => void;
}

export function PoolForm({ one, onSave, onClose }: PoolFormProps) {
  const [name, setName] = useState(one?.name ?? "");
  const [slots, setSlots] = useState(String(one?.slots ?? 4));
  const [description, setDescription] = useState(one?.description ?? "");
  const [deferred, setDeferred] = useState(one?.include_deferred ?? false);
  const isDefault = one?.name === "default_pool";
  const send = async () => {
    if (!/^-?\d+$/.test(slots.trim())) throw new Error("slots: A whole number, or −1 for as many as come.");
    await onSave({ name: name.trim(), slots: Number(slots), description: description || null, include_deferred: deferred });
  };
  return (
    <FormDialog
      title={one === null ? "New pool" : `Change ${one.name}`}
      does={one === null ? "Add" : "Save"}
      fields={["name", "slots", "description"]}
      width="small"
      send={send}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <Field label="Name" error={errors.name}>
            {(ids) => <Input {...ids} mono required autoFocus={one === null} disabled={one !== null} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
          <Field label="Slots" error={errors.slots} help="How many of its tasks run at once. −1: as many as come.">
            {(ids) => <Input {...ids} mono required autoFocus={one !== null} value={slots} onChange={(e) => setSlots(e.target.value)} />}
          </Field>
          {!isDefault && (
            <Field label="Description" error={errors.description}>
              {(ids) => <Input {...ids} value={description} onChange={(e) => setDescription(e.target.value)} />}
            </Field>
          )}
          <label className={css.check}>
            <input type="checkbox" checked={deferred} onChange={(event) => setDeferred(event.target.checked)} />
            Tasks that are deferred keep their slots
          </label>
        </>
      )}
    </FormDialog>
  );
}

export function PoolBar({ pool }: { pool: Pool }) {
  const shares = sharesOf(pool);
  const words = shares.map((one) => `${one.slots} ${one.kind}`).join(", ") || "nothing in it";
  return (
    <div className={css.bar} role="img" aria-label={words} title={words}>
      {shares.map((one) => (
        <span key={one.kind} data-kind={one.kind} style={{ width: `${one.part * 100}%` }} />
      ))}
    </div>
  );
}
