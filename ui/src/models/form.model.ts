// Forms from the schemas of params: which field each needs, what a person typed as a value, and what is wrong with it.

export interface Param {
  value: unknown;
  schema: Record<string, unknown>;
  description?: string | null;
}
export type Params = Record<string, Param>;

export type Kind = "text" | "area" | "number" | "integer" | "boolean" | "choice" | "choices" | "date" | "datetime" | "time" | "list" | "json";

export interface Option {
  value: unknown;
  label: string;
}

export interface Field {
  name: string;
  label: string;
  help: string | null;
  section: string | null;
  kind: Kind;
  /** An empty field is no value: it must be filled. */
  required: boolean;
  nullable: boolean;
  options: Option[];
  examples: string[];
  schema: Record<string, unknown>;
  value: unknown;
}

/** What stands in a field: a text, or whether it is on, or which of several are chosen (by their place). */
export type Typed = string | boolean | number[];
export type Filled = Record<string, Typed>;
export type Read = { value: unknown } | { error: string };

const LINES = /\n/;

function typesOf(schema: Record<string, unknown>): string[] {
  const own = schema.type;
  if (typeof own === "string") return [own];
  if (Array.isArray(own)) return own.map(String);
  for (const several of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(several)) return several.flatMap((one) => typesOf(one as Record<string, unknown>));
  }
  return [];
}

function kindOf(types: string[], schema: Record<string, unknown>, value: unknown): Kind {
  const real = types.filter((one) => one !== "null");
  const type = real.length === 1 ? real[0]! : real.length === 0 ? guessed(value) : "any";
  if (Array.isArray(schema.enum)) return "choice";
  if (type === "boolean") return "boolean";
  if (type === "integer") return "integer";
  if (type === "number") return "number";
  if (type === "array") {
    const items = (schema.items ?? {}) as Record<string, unknown>;
    if (Array.isArray(items.enum) || Array.isArray(schema.examples)) return "choices";
    const flat = !Array.isArray(value) || value.every((one) => typeof one === "string" && !LINES.test(one));
    return flat && (items.type === "string" || (items.type === undefined && Array.isArray(value) && value.length > 0)) ? "list" : "json";
  }
  if (type === "object" || type === "any") return "json";
  if (schema.format === "date") return "date";
  if (schema.format === "date-time") return "datetime";
  if (schema.format === "time") return "time";
  if (schema.format === "multiline" || (typeof value === "string" && LINES.test(value))) return "area";
  return "text";
}

function guessed(value: unknown): string {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "number";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object" && value !== null) return "object";
  return "string";
}

export function fieldsOf(params: Params): Field[] {
  return Object.entries(params)
    .filter(([, param]) => !("const" in (param.schema ?? {})))
    .map(([name, param]) => {
      const schema = param.schema ?? {};
      const types = typesOf(schema);
      const nullable = types.includes("null") || (types.length === 0 && param.value === null);
      const items = (schema.items ?? {}) as Record<string, unknown>;
      const kind = kindOf(types, schema, param.value);
      const shown = (schema.values_display ?? {}) as Record<string, string>;
      const from = kind === "choice" ? schema.enum : kind === "choices" ? (items.enum ?? schema.examples) : [];
      const text = (one: unknown) => (typeof one === "string" ? one : null);
      return {
        name,
        label: text(schema.title) ?? name,
        help: text(param.description) ?? text(schema.description) ?? text(schema.description_md),
        section: text(schema.section),
        kind,
        required: !nullable,
        nullable,
        options: ((from as unknown[]) ?? []).map((value) => ({ value, label: shown[String(value)] ?? (value === null ? "none" : String(value)) })),
        examples: kind === "choices" || !Array.isArray(schema.examples) ? [] : schema.examples.map(String),
        schema,
        value: param.value,
      };
    });
}

// ── from values to what stands in fields, and back ──

export function typed(field: Field, value: unknown): Typed {
  if (field.kind === "boolean") return value === true;
  if (field.kind === "choice") return String(Math.max(-1, placeOf(field.options, value)));
  if (field.kind === "choices") return (Array.isArray(value) ? value : []).map((one) => placeOf(field.options, one)).filter((at) => at >= 0);
  if (value === null || value === undefined) return "";
  if (field.kind === "list") return (value as unknown[]).map(String).join("\n");
  if (field.kind === "json") return JSON.stringify(value, null, 2);
  if (field.kind === "datetime") return localOf(String(value));
  if (field.kind === "time") return String(value).slice(0, 8);
  return String(value);
}

function placeOf(options: Option[], value: unknown): number {
  const text = JSON.stringify(value);
  return options.findIndex((one) => JSON.stringify(one.value) === text);
}

/** In UTC, in the form that a field of the browser takes. */
function localOf(text: string): string {
  const at = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(at) ? "" : new Date(at).toISOString().slice(0, 19);
}

export function filledOf(fields: Field[], given: Record<string, unknown> = {}): Filled {
  return Object.fromEntries(fields.map((one) => [one.name, typed(one, one.name in given ? given[one.name] : one.value)]));
}

export function readField(field: Field, now: Typed): Read {
  const { kind, schema } = field;
  if (kind === "boolean") return { value: now === true };
  if (kind === "choices") {
    const value = (now as number[]).map((at) => field.options[at]!.value);
    return withinList(value, schema);
  }
  const text = String(now);
  if (kind === "choice") {
    const chosen = field.options[Number(text)];
    return chosen === undefined ? { error: "Choose one." } : { value: chosen.value };
  }
  if (text.trim() === "" && kind !== "text" && kind !== "area" && kind !== "list") return empty(field);
  if (text === "" && (field.nullable || typeof field.value !== "string")) return kind === "list" && !field.nullable ? withinList([], schema) : empty(field);
  if (kind === "integer" || kind === "number") return numberOf(text, kind, schema);
  if (kind === "list") return withinList(text.split("\n").filter((one) => one.trim() !== ""), schema);
  if (kind === "json") {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch (error) {
      return { error: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
  if (kind === "datetime") return { value: `${text.length === 16 ? `${text}:00` : text}+00:00` };
  return textOf(text, schema);
}

function empty(field: Field): Read {
  return field.nullable ? { value: null } : { error: "It must be filled in." };
}

function numberOf(text: string, kind: "integer" | "number", schema: Record<string, unknown>): Read {
  const value = Number(text);
  if (Number.isNaN(value)) return { error: "It must be a number." };
  if (kind === "integer" && !Number.isInteger(value)) return { error: "It must be a whole number." };
  const limit = (name: string) => (typeof schema[name] === "number" ? schema[name] : null);
  const least = limit("minimum");
  const most = limit("maximum");
  const above = limit("exclusiveMinimum");
  const below = limit("exclusiveMaximum");
  const step = limit("multipleOf");
  if (least !== null && value < least) return { error: `It must be at least ${least}.` };
  if (most !== null && value > most) return { error: `It must be at most ${most}.` };
  if (above !== null && value <= above) return { error: `It must be more than ${above}.` };
  if (below !== null && value >= below) return { error: `It must be less than ${below}.` };
  if (step !== null && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9) return { error: `It must be a multiple of ${step}.` };
  return { value };
}

function textOf(text: string, schema: Record<string, unknown>): Read {
  const { minLength, maxLength, pattern } = schema;
  if (typeof minLength === "number" && text.length < minLength) return { error: `It must have at least ${minLength} signs.` };
  if (typeof maxLength === "number" && text.length > maxLength) return { error: `It may have at most ${maxLength} signs.` };
  if (typeof pattern === "string") {
    try {
      if (!new RegExp(pattern, "u").test(text)) return { error: `It must fit ${pattern}.` };
    } catch {
      // A pattern that this engine cannot read is checked by the server.
    }
  }
  return { value: text };
}

function withinList(value: unknown[], schema: Record<string, unknown>): Read {
  const { minItems, maxItems } = schema;
  if (typeof minItems === "number" && value.length < minItems) return { error: `It must have at least ${minItems}.` };
  if (typeof maxItems === "number" && value.length > maxItems) return { error: `It may have at most ${maxItems}.` };
  return { value };
}

export interface WholeForm {
  values: Record<string, unknown>;
  errors: Record<string, string>;
}

export function readAll(fields: Field[], filled: Filled): WholeForm {
  const made: WholeForm = { values: {}, errors: {} };
  for (const field of fields) {
    const found = readField(field, filled[field.name] ?? "");
    if ("error" in found) made.errors[field.name] = found.error;
    else made.values[field.name] = found.value;
  }
  return made;
}

/** What differs from the defaults: these stay the file's. */
export function changed(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  const differs = (field: Field) =>
    field.kind === "datetime" && typeof field.value === "string"
      ? Date.parse(String(values[field.name])) !== Date.parse(`${localOf(field.value)}Z`)
      : JSON.stringify(values[field.name]) !== JSON.stringify(field.value);
  return Object.fromEntries(fields.filter((field) => field.name in values && differs(field)).map((field) => [field.name, values[field.name]]));
}

const OF_PARAM = /parameter '([^']+)': (.*?)(?:\.? Say it with: --conf .*)?$/s;
const OF_FIELD = /^(\w+): (.+)$/s;

/** Which field a refusal of the server speaks of, and its words; without one it stands above the form. */
export function refusedAt(message: string): { name: string | null; text: string } {
  const param = OF_PARAM.exec(message);
  if (param !== null) return { name: param[1]!, text: `${param[2]!.replace(/\.$/, "")}.` };
  const field = OF_FIELD.exec(message);
  if (field !== null && ["dag_run_id", "logical_date", "note", "conf", "from_date", "to_date"].includes(field[1]!)) {
    return { name: `:${field[1]}`, text: field[2]! };
  }
  return { name: null, text: message };
}

export function jsonObject(text: string): Read {
  if (text.trim() === "") return { value: {} };
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { value };
    return { error: "It must be an object: { … }" };
  } catch (error) {
    return { error: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
