// What the admin screens show and send: which sections there are for whom, what is wrong with which field, what a file
// of variables says, and how full a pool is.
import type { Schemas } from "~/api/client";

export interface Section {
  id: string;
  label: string;
  group: string;
  may: string;
}

export const SECTIONS: Section[] = [
  { id: "connections", label: "Connections", group: "For tasks", may: "connections:read" },
  { id: "variables", label: "Variables", group: "For tasks", may: "variables:read" },
  { id: "pools", label: "Pools", group: "For tasks", may: "pools:read" },
  { id: "users", label: "Users", group: "People", may: "accounts:read" },
  { id: "tokens", label: "Tokens", group: "People", may: "accounts:read" },
  { id: "audit", label: "Audit", group: "People", may: "audit:read" },
  { id: "configuration", label: "Configuration", group: "This home", may: "config:read" },
  { id: "retention", label: "Retention", group: "This home", may: "config:read" },
  { id: "providers", label: "Providers", group: "This home", may: "about:read" },
  { id: "import-errors", label: "Import errors", group: "This home", may: "dags:read" },
];

/** As the API shows what it does not tell. */
export const HIDDEN = "***";

export const ROLES: [role: "none" | "viewer" | "user" | "operator" | "admin", holds: string][] = [
  ["none", "nothing but what single DAGs grant"],
  ["viewer", "sees DAGs, runs, logs and values"],
  ["user", "also starts, clears and marks runs"],
  ["operator", "also sets variables, connections and pools"],
  ["admin", "everything"],
];

/** What the server says of each field; what is about none of them stands under "". */
export function fieldErrors(error: unknown, fields: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const text = error instanceof Error ? error.message : String(error);
  for (const raw of text.split("; ")) {
    const part = raw.replace(/^: /, "");
    const named = /^([\w.]+): (.*)$/s.exec(part);
    const field = fields.find((one) => one === named?.[1]) ?? meant(part, fields);
    const words = field !== "" && named?.[1] === field ? named[2]! : part;
    found[field] = found[field] === undefined ? words : `${found[field]} ${words}`;
  }
  return found;
}

function meant(text: string, fields: readonly string[]): string {
  if (/^There is already a /.test(text)) return fields[0] ?? "";
  if (/^The extra /.test(text) && fields.includes("extra")) return "extra";
  return "";
}

export interface NamedValue {
  key: string;
  value: unknown;
  description: string | null;
}

/** Airflow's file of variables: `{"key": value}` or `{"key": {"value": …, "description": …}}`. Throws what is wrong. */
export function variablesFrom(text: string): NamedValue[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    throw new Error('A file of variables is one JSON object, such as {"region": "north"}.');
  }
  return Object.entries(read).map(([key, value]) => {
    if (typeof value === "object" && value !== null && "value" in value && isWrapped(value)) {
      const told = value as { value: unknown; description?: string | null };
      return { key, value: told.value, description: told.description ?? null };
    }
    return { key, value, description: null };
  });
}

const isWrapped = (value: object) => Object.keys(value).every((name) => name === "value" || name === "description");

/** The file that `variablesFrom` reads; secret ones are not told and so are left out. */
export function fileOf(variables: Schemas["Variable"][]): { text: string; left: number } {
  const told = variables.filter((one) => one.value !== HIDDEN);
  const made = Object.fromEntries(
    told.map((one) => [one.key, one.description ? { value: one.value, description: one.description } : one.value]),
  );
  return { text: `${JSON.stringify(made, null, 2)}\n`, left: variables.length - told.length };
}

export interface Share {
  kind: "running" | "queued" | "deferred";
  slots: number;
  part: number; // of the bar, 0–1
}

export function sharesOf(pool: Schemas["Pool"]): Share[] {
  const slots: [Share["kind"], number][] = [
    ["running", pool.running_slots],
    ["queued", pool.queued_slots],
    ["deferred", pool.include_deferred ? pool.deferred_slots : 0],
  ];
  const whole = Math.max(pool.slots < 0 ? 0 : pool.slots, pool.occupied_slots, 1);
  return slots.filter(([, n]) => n > 0).map(([kind, n]) => ({ kind, slots: n, part: n / whole }));
}

/** Where a connection leads, in one line. */
export function placeOf(one: { host: string | null; port: number | null; schema: string | null }): string {
  const host = one.host ?? "";
  return `${host}${one.port === null ? "" : `:${one.port}`}${one.schema ? `/${one.schema}` : ""}`;
}
