// A connection, new or changed. What is secret in it is never shown: it is kept, replaced or removed.
import { useState } from "react";
import type { Connection, ConnectionGiven } from "~/api/admin";
import { Field, Input, TextArea } from "../Field";
import { FormDialog } from "./FormDialog";
import css from "./Admin.module.css";

const TYPES = ["http", "postgres", "mysql", "sqlite", "aws", "google_cloud_platform", "wasb", "ssh", "sftp", "ftp", "redis", "mongo", "slack", "smtp", "kubernetes", "docker", "snowflake", "generic"];
const FIELDS = ["connection_id", "conn_type", "description", "host", "port", "login", "schema", "password", "extra"] as const;

export interface ConnectionFormProps {
  one: Connection | null; // null: a new one
  onSave: (given: ConnectionGiven) => Promise<void>;
  onClose: () => void;
}

export function ConnectionForm({ one, onSave, onClose }: ConnectionFormProps) {
  const [given, setGiven] = useState({
    connection_id: one?.connection_id ?? "",
    conn_type: one?.conn_type ?? "",
    description: one?.description ?? "",
    host: one?.host ?? "",
    port: one?.port === null || one === null ? "" : String(one.port),
    login: one?.login ?? "",
    schema: one?.schema ?? "",
    password: "",
    extra: "",
  });
  const [without, setWithout] = useState({ password: false, extra: false });
  const set = (name: (typeof FIELDS)[number]) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value });
  const send = async () => {
    const { port, password, extra, connection_id, conn_type, ...rest } = given;
    if (port !== "" && !/^\d+$/.test(port)) throw new Error("port: A port is a whole number.");
    const texts = Object.fromEntries(Object.entries(rest).map(([name, text]) => [name, text === "" ? null : text]));
    await onSave({
      connection_id: connection_id.trim(),
      conn_type: conn_type.trim(),
      ...texts,
      port: port === "" ? null : Number(port),
      ...(password !== "" ? { password } : without.password ? { password: null } : {}),
      ...(extra.trim() !== "" ? { extra } : without.extra ? { extra: null } : {}),
    });
  };
  const secret = (name: "password" | "extra", has: boolean) =>
    has && (
      <label className={css.check}>
        <input
          type="checkbox"
          checked={without[name]}
          disabled={given[name] !== ""}
          onChange={(event) => setWithout({ ...without, [name]: event.target.checked })}
        />
        Remove the {name} that is set
      </label>
    );
  const title = one === null ? "New connection" : <>Change {one.connection_id}</>;
  return (
    <FormDialog title={title} does={one === null ? "Add" : "Save"} fields={FIELDS} send={send} onClose={onClose}>
      {(errors) => (
        <>
          <div className={css.two}>
            <Field label="Id" error={errors.connection_id} help={one === null ? "As tasks name it, such as shop_db." : undefined}>
              {(ids) => (
                <Input {...ids} mono required autoFocus={one === null} disabled={one !== null} value={given.connection_id} onChange={set("connection_id")} />
              )}
            </Field>
            <Field label="Type" error={errors.conn_type}>
              {(ids) => (
                <>
                  <Input {...ids} required list="connection-types" value={given.conn_type} onChange={set("conn_type")} />
                  <datalist id="connection-types">
                    {TYPES.map((type) => (
                      <option key={type} value={type} />
                    ))}
                  </datalist>
                </>
              )}
            </Field>
          </div>
          <div className={`${css.two} ${css.port}`}>
            <Field label="Host" error={errors.host}>
              {(ids) => <Input {...ids} mono value={given.host} onChange={set("host")} />}
            </Field>
            <Field label="Port" error={errors.port}>
              {(ids) => <Input {...ids} mono inputMode="numeric" value={given.port} onChange={set("port")} />}
            </Field>
          </div>
          <div className={css.two}>
            <Field label="Login" error={errors.login}>
              {(ids) => <Input {...ids} mono value={given.login} onChange={set("login")} />}
            </Field>
            <Field label="Schema" error={errors.schema} help="Also the name of a database.">
              {(ids) => <Input {...ids} mono value={given.schema} onChange={set("schema")} />}
            </Field>
          </div>
          <Field
            label="Password"
            error={errors.password}
            help={one?.hasPassword ? "One is set. It is never shown; leave this empty to keep it." : "Sealed, and never shown again."}
          >
            {(ids) => (
              <Input
                {...ids}
                type="password"
                autoComplete="new-password"
                placeholder={one?.hasPassword ? "set" : ""}
                value={given.password}
                onChange={set("password")}
              />
            )}
          </Field>
          {secret("password", one?.hasPassword ?? false)}
          <Field
            label="Extra"
            error={errors.extra}
            help={one?.hasExtra ? "Some is set. It is never shown; leave this empty to keep it." : "A JSON object, sealed as the password is."}
          >
            {(ids) => (
              <TextArea {...ids} mono rows={3} placeholder={one?.hasExtra ? "set" : '{"region": "north"}'} value={given.extra} onChange={set("extra")} />
            )}
          </Field>
          {secret("extra", one?.hasExtra ?? false)}
          <Field label="Description" error={errors.description}>
            {(ids) => <Input {...ids} value={given.description} onChange={set("description")} />}
          </Field>
        </>
      )}
    </FormDialog>
  );
}
