// What the admin screens read and change. Of a connection's password and extra only whether there is one is kept here.
import { queryOptions } from "@tanstack/react-query";
import { toast, toastError } from "~/app/toasts";
import { HIDDEN, type NamedValue } from "~/models/admin.model";
import { api, type Schemas, told } from "./client";
import { cache, onEvents } from "./live";

export type Variable = Schemas["Variable"];
export type Pool = Schemas["Pool"];
export type Account = Schemas["Account"];
export type Token = Schemas["Token"];
export type Role = "none" | "viewer" | "user" | "operator" | "admin";
export type Connection = Omit<Schemas["Connection"], "password" | "extra"> & { hasPassword: boolean; hasExtra: boolean };
export type ConnectionGiven = Omit<Schemas["ConnectionBody"], "team_name">;

const PAGE = 100;

async function everything<T>(page: (offset: number) => Promise<{ total_entries: number; found: T[] }>): Promise<T[]> {
  const all: T[] = [];
  for (;;) {
    const { total_entries, found } = await page(all.length);
    all.push(...found);
    if (found.length === 0 || all.length >= total_entries) return all;
  }
}

// ── connections ──

function known({ password, extra, ...rest }: Schemas["Connection"]): Connection {
  return { ...rest, hasPassword: password !== null, hasExtra: extra !== null };
}

export const connectionsQuery = () =>
  queryOptions({
    queryKey: ["connections"],
    queryFn: ({ signal }) =>
      everything(async (offset) => {
        const page = await told(api.GET("/api/v2/connections", { params: { query: { limit: PAGE, offset } }, signal }));
        return { ...page, found: page.connections.map(known) };
      }),
  });
onEvents("connections", (answer, event) => ({ next: answer, stale: event.kind === "connection" }));

export async function saveConnection(given: ConnectionGiven, isNew: boolean): Promise<void> {
  const made = isNew
    ? await told(api.POST("/api/v2/connections", { body: given }))
    : await told(
        api.PATCH("/api/v2/connections/{connection_id}", {
          params: { path: { connection_id: given.connection_id } },
          body: given,
        }),
      );
  const one = known(made);
  cache.setQueryData(connectionsQuery().queryKey, (all) => sorted([...without(all, one.connection_id), one]));
  toast({ text: isNew ? `${one.connection_id} is there.` : `${one.connection_id} is changed.` });
}

const without = (all: Connection[] | undefined, id: string) => (all ?? []).filter((one) => one.connection_id !== id);
const sorted = (all: Connection[]) => all.sort((a, b) => a.connection_id.localeCompare(b.connection_id));

/** What is kept in it cannot be told again, so there is no way back. */
export async function removeConnection(one: Connection): Promise<void> {
  const { queryKey } = connectionsQuery();
  cache.setQueryData(queryKey, (all) => without(all, one.connection_id));
  try {
    await told(
      api.DELETE("/api/v2/connections/{connection_id}", { params: { path: { connection_id: one.connection_id } } }),
    );
    toast({ text: `${one.connection_id} is removed.` });
  } catch (error) {
    cache.setQueryData(queryKey, (all) => sorted([...without(all, one.connection_id), one]));
    toastError(error);
  }
}

// ── variables ──

export const variablesQuery = () =>
  queryOptions({
    queryKey: ["variables"],
    queryFn: ({ signal }) =>
      everything(async (offset) => {
        const page = await told(api.GET("/api/v2/variables", { params: { query: { limit: PAGE, offset } }, signal }));
        return { ...page, found: page.variables };
      }),
  });
onEvents("variables", (answer, event) => ({ next: answer, stale: event.kind === "variable" }));

function showVariable(key: string, one: Variable | null): void {
  cache.setQueryData(variablesQuery().queryKey, (all) =>
    [...(all ?? []).filter((each) => each.key !== key), ...(one === null ? [] : [one])].sort((a, b) =>
      a.key.localeCompare(b.key),
    ),
  );
}

export interface VariableGiven {
  key: string;
  value?: string | null | undefined; // absent: as it was
  description: string | null;
}

export async function saveVariable(given: VariableGiven, before: Variable | null, quietly = false): Promise<void> {
  const { key, description } = given;
  const mask = given.value === undefined ? ["description"] : ["value", "description"];
  const body = { key, value: given.value ?? "", description };
  const made =
    before === null
      ? await told(api.POST("/api/v2/variables", { body }))
      : await told(
          api.PATCH("/api/v2/variables/{variable_key}", {
            params: { path: { variable_key: key }, query: { update_mask: mask } },
            body,
          }),
        );
  showVariable(key, made);
  if (quietly) return;
  const back = before !== null && before.value !== HIDDEN;
  toast({
    text: before === null ? `${key} is there.` : `${key} is changed.`,
    ...(back && {
      undo: () => void saveVariable({ key, value: before.value ?? "", description: before.description }, made, true).catch(toastError),
    }),
  });
}

export async function removeVariable(one: Variable): Promise<void> {
  showVariable(one.key, null);
  try {
    await told(api.DELETE("/api/v2/variables/{variable_key}", { params: { path: { variable_key: one.key } } }));
    const again = { key: one.key, value: one.value ?? "", description: one.description };
    toast({
      text: `${one.key} is removed.`,
      ...(one.value !== HIDDEN && { undo: () => void saveVariable(again, null, true).catch(toastError) }),
    });
  } catch (error) {
    showVariable(one.key, one);
    toastError(error);
  }
}

/** Those that are there already get the new values. */
export async function importVariables(given: NamedValue[]): Promise<void> {
  const entities = given.map((one) => ({ ...one, value: one.value as string }));
  const answer = await told(
    api.PATCH("/api/v2/variables", { body: { actions: [{ action: "create", entities, action_on_existence: "overwrite" }] } }),
  );
  await cache.invalidateQueries({ queryKey: variablesQuery().queryKey });
  const errors = answer.create?.errors ?? [];
  if (errors.length > 0) throw new Error(errors.map((one) => String(one.error)).join(" "));
  toast({ text: `${given.length} ${given.length === 1 ? "variable is" : "variables are"} set.` });
}

// ── pools ──

export const poolsQuery = () =>
  queryOptions({
    queryKey: ["pools"],
    queryFn: ({ signal }) =>
      everything(async (offset) => {
        const page = await told(api.GET("/api/v2/pools", { params: { query: { limit: PAGE, offset } }, signal }));
        return { ...page, found: page.pools };
      }),
  });
onEvents("pools", (answer, event) => ({ next: answer, stale: event.kind === "pool" || event.kind === "moves" }));

export interface PoolGiven {
  name: string;
  slots: number;
  description: string | null;
  include_deferred: boolean;
}

export async function savePool(given: PoolGiven, before: Pool | null, quietly = false): Promise<void> {
  const { name, ...rest } = given;
  // Of the pool that is always there only the slots can be changed.
  const isDefault = name === "default_pool";
  if (before === null) await told(api.POST("/api/v2/pools", { body: given }));
  else {
    await told(
      api.PATCH("/api/v2/pools/{pool_name}", {
        params: { path: { pool_name: name }, query: { update_mask: isDefault ? ["slots", "include_deferred"] : Object.keys(rest) } },
        body: { pool: name, ...rest },
      }),
    );
  }
  await cache.invalidateQueries({ queryKey: poolsQuery().queryKey });
  if (quietly) return;
  const back = before && { name, slots: before.slots, description: before.description ?? null, include_deferred: before.include_deferred };
  toast({
    text: before === null ? `Pool ${name} is there.` : `Pool ${name} is changed.`,
    ...(back && { undo: () => void savePool(back, before, true).catch(toastError) }),
  });
}

export async function removePool(pool: Pool): Promise<void> {
  const { queryKey } = poolsQuery();
  const before = cache.getQueryData(queryKey);
  cache.setQueryData(queryKey, (all) => all?.filter((one) => one.name !== pool.name));
  try {
    await told(api.DELETE("/api/v2/pools/{pool_name}", { params: { path: { pool_name: pool.name } } }));
    const { name, slots, description, include_deferred } = pool;
    const again = { name, slots, description: description ?? null, include_deferred };
    toast({ text: `Pool ${name} is removed.`, undo: () => void savePool(again, null, true).catch(toastError) });
  } catch (error) {
    cache.setQueryData(queryKey, before);
    toastError(error);
  }
}

// ── people ──

export const accountsQuery = () =>
  queryOptions({
    queryKey: ["accounts"],
    queryFn: async ({ signal }) => (await told(api.GET("/api/venturi/v1/accounts", { signal }))).accounts,
  });

function showAccount(name: string, one: Account | null): void {
  cache.setQueryData(accountsQuery().queryKey, (all) =>
    [...(all ?? []).filter((each) => each.name !== name), ...(one === null ? [] : [one])].sort((a, b) =>
      a.name.localeCompare(b.name),
    ),
  );
}

export async function createAccount(given: { name: string; role: Role; password: string }): Promise<void> {
  const one = await told(api.POST("/api/venturi/v1/accounts", { body: given }));
  showAccount(one.name, one);
  toast({ text: `${one.name} may sign in, as ${one.role}.` });
}

export async function changeAccount(name: string, given: Schemas["AccountChange"], words: string): Promise<void> {
  const one = await told(api.PATCH("/api/venturi/v1/accounts/{name}", { params: { path: { name } }, body: given }));
  showAccount(name, one);
  toast({ text: words });
}

export async function setDisabled(account: Account, disabled: boolean): Promise<void> {
  showAccount(account.name, { ...account, disabled });
  try {
    await changeAccount(account.name, { disabled }, `${account.name} ${disabled ? "can no longer sign in." : "may sign in again."}`);
  } catch (error) {
    showAccount(account.name, account);
    toastError(error);
  }
}

export async function setGrant(name: string, dag: string, role: Role): Promise<void> {
  const one = await told(
    api.PUT("/api/venturi/v1/accounts/{name}/grants", { params: { path: { name } }, body: { dag, role } }),
  );
  showAccount(name, one);
}

export async function removeAccount(account: Account): Promise<void> {
  showAccount(account.name, null);
  try {
    await told(api.DELETE("/api/venturi/v1/accounts/{name}", { params: { path: { name: account.name } } }));
    toast({ text: `${account.name} is removed.` });
  } catch (error) {
    showAccount(account.name, account);
    toastError(error);
  }
}

export const tokensQuery = () =>
  queryOptions({
    queryKey: ["tokens"],
    queryFn: async ({ signal }) => (await told(api.GET("/api/venturi/v1/tokens", { signal }))).tokens,
  });

/** The token itself: nobody is told it again. */
export async function createToken(given: { name: string; role: Role; days: number }): Promise<string> {
  const made = await told(api.POST("/api/venturi/v1/tokens", { body: { ...given, grants: {} } }));
  void cache.invalidateQueries({ queryKey: tokensQuery().queryKey });
  return made.token;
}

export async function revokeToken(one: Token): Promise<void> {
  const { queryKey } = tokensQuery();
  const before = cache.getQueryData(queryKey);
  cache.setQueryData(queryKey, (all) => all?.filter((each) => each.id !== one.id));
  try {
    await told(api.DELETE("/api/venturi/v1/tokens/{token_id}", { params: { path: { token_id: one.id } } }));
    toast({ text: `The token ${one.name} is revoked.` });
  } catch (error) {
    cache.setQueryData(queryKey, before);
    toastError(error);
  }
}

// ── this home ──

export async function auditPage(text: string, before: number | null, signal: AbortSignal) {
  const query = { text, limit: PAGE, ...(before !== null && { before }) };
  return (await told(api.GET("/api/venturi/v1/audit", { params: { query }, signal }))).lines;
}

export const settingsQuery = () =>
  queryOptions({
    queryKey: ["settings"],
    queryFn: ({ signal }) => told(api.GET("/api/venturi/v1/settings", { signal })),
  });

export const providersQuery = () =>
  queryOptions({
    queryKey: ["providers"],
    queryFn: ({ signal }) =>
      everything(async (offset) => {
        const page = await told(api.GET("/api/v2/providers", { params: { query: { limit: PAGE, offset } }, signal }));
        return { ...page, found: page.providers };
      }),
  });
