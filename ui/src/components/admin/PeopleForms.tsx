// Accounts and tokens: made, changed, granted.
import { useState } from "react";
import type { Account, Role } from "~/api/admin";
import { ROLES } from "~/models/admin.model";
import { Button } from "../Button";
import { Dialog } from "../Dialog";
import { Field, Input, Select } from "../Field";
import { FormDialog } from "./FormDialog";
import css from "./Admin.module.css";

function RoleField({ role, onChange, error, label = "Role" }: { role: Role; onChange: (role: Role) => void; error?: string | undefined; label?: string }) {
  return (
    <Field label={label} error={error} help={ROLES.find(([one]) => one === role)?.[1]}>
      {(ids) => (
        <Select {...ids} value={role} onChange={(event) => onChange(event.target.value as Role)}>
          {ROLES.map(([one]) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      )}
    </Field>
  );
}

export interface AccountFormProps {
  one: Account | null;
  onCreate: (given: { name: string; role: Role; password: string }) => Promise<void>;
  onChange: (given: { role?: Role; password?: string }) => Promise<void>;
  onClose: () => void;
}

export function AccountForm({ one, onCreate, onChange, onClose }: AccountFormProps) {
  const [name, setName] = useState(one?.name ?? "");
  const [role, setRole] = useState<Role>((one?.role as Role | undefined) ?? "viewer");
  const [password, setPassword] = useState("");
  const send = () =>
    one === null ? onCreate({ name: name.trim(), role, password }) : onChange({ role, ...(password !== "" && { password }) });
  return (
    <FormDialog
      title={one === null ? "New user" : `Change ${one.name}`}
      does={one === null ? "Add" : "Save"}
      fields={["name", "role", "password"]}
      width="small"
      send={send}
      onClose={onClose}
    >
      {(errors) => (
        <>
          <Field label="Name" error={errors.name}>
            {(ids) => <Input {...ids} required autoFocus={one === null} disabled={one !== null} value={name} onChange={(e) => setName(e.target.value)} />}
          </Field>
          <RoleField role={role} onChange={setRole} error={errors.role} />
          <Field
            label={one === null ? "Password" : "New password"}
            error={errors.password}
            help={one === null ? "12 characters or more." : "Empty: as it is. A new role or password ends every session of this user."}
          >
            {(ids) => (
              <Input {...ids} type="password" autoComplete="new-password" required={one === null} value={password} onChange={(e) => setPassword(e.target.value)} />
            )}
          </Field>
        </>
      )}
    </FormDialog>
  );
}

export interface GrantsFormProps {
  one: Account;
  dags: string[];
  onGrant: (dag: string, role: Role) => Promise<void>;
  onClose: () => void;
}

/** Roles in single DAGs, above the account's own. */
export function GrantsForm({ one, dags, onGrant, onClose }: GrantsFormProps) {
  const [dag, setDag] = useState("");
  const [role, setRole] = useState<Role>("user");
  const granted = Object.entries(one.grants);
  const send = async () => {
    if (dag.trim() === "") throw new Error("dag: Say which DAG.");
    await onGrant(dag.trim(), role);
  };
  return (
    <FormDialog title={`What ${one.name} may in single DAGs`} does="Grant" fields={["dag", "role"]} send={send} onClose={onClose}>
      {(errors) => (
        <>
          {granted.length > 0 && (
            <div className={css.grants}>
              {granted.map(([id, has]) => (
                <div key={id} className={css.grant}>
                  <span className={css.mono}>{id}</span>
                  <span>{has}</span>
                  <Button size="small" label={`Take ${id} away`} onClick={() => void onGrant(id, "none")}>
                    Take away
                  </Button>
                </div>
              ))}
            </div>
          )}
          <Field label="DAG" error={errors.dag} help={`Everywhere ${one.name} is ${one.role}; a grant only adds to that.`}>
            {(ids) => (
              <>
                <Input {...ids} mono list="granted-dags" value={dag} onChange={(event) => setDag(event.target.value)} />
                <datalist id="granted-dags">
                  {dags.map((id) => (
                    <option key={id} value={id} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
          <RoleField role={role} onChange={setRole} error={errors.role} label="Role there" />
        </>
      )}
    </FormDialog>
  );
}

export interface TokenFormProps {
  onCreate: (given: { name: string; role: Role; days: number }) => Promise<void>;
  onClose: () => void;
}

export function TokenForm({ onCreate, onClose }: TokenFormProps) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("user");
  const [days, setDays] = useState("90");
  const send = async () => {
    if (!(Number(days) > 0)) throw new Error("days: How many days it holds, such as 90.");
    await onCreate({ name: name.trim(), role, days: Number(days) });
  };
  return (
    <FormDialog title="New token" does="Make it" fields={["name", "role", "days"]} width="small" send={send} onClose={onClose}>
      {(errors) => (
        <>
          <Field label="For which program" error={errors.name}>
            {(ids) => <Input {...ids} required autoFocus value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <RoleField role={role} onChange={setRole} error={errors.role} />
          <Field label="Days it holds" error={errors.days}>
            {(ids) => <Input {...ids} inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}

export function TokenMade({ token, onCopy, onClose }: { token: string; onCopy: () => void; onClose: () => void }) {
  return (
    <Dialog
      title="The token, this once"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onCopy}>Copy</Button>
          <Button kind="main" onClick={onClose}>
            I have it
          </Button>
        </>
      }
    >
      <div className={css.grants}>
        <p>It is kept nowhere: after this it cannot be shown again. A program sends it as a bearer token.</p>
        <p className={css.secret}>{token}</p>
      </div>
    </Dialog>
  );
}
