// How the API is asked: one typed client. Owns the session's token for changes, and what an error is.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Me = Schemas["Me"];

/** What the server says of what it did not do. `waits`: no engine runs, and it will be done by the next one. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  get waits(): boolean {
    return this.status === 202;
  }

  /** Nobody answered at all: the stream's banner tells of it. */
  get isAway(): boolean {
    return this.status === 0;
  }
}

let csrf: string | null = null;

export const api = createClient<paths>({ baseUrl: "", querySerializer: { array: { style: "form", explode: true } } });

api.use({
  onRequest({ request }) {
    if (request.method !== "GET" && csrf !== null) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) goToSignIn();
    return response;
  },
});

export function goToSignIn(): void {
  const here = location.pathname + location.search;
  location.assign(here === "/" ? "/login" : `/login?${new URLSearchParams({ next: here })}`);
}

type Asked<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** The answer, or an ApiError that says what the server said. */
export async function told<T>(asked: Asked<T>): Promise<T> {
  let answer: Awaited<Asked<T>>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "Venturi does not answer.");
  }
  const { data, error, response } = answer;
  if (response.ok && response.status !== 202) return data as T;
  throw new ApiError(response.status, detailOf(error ?? data) ?? `The server answered with ${response.status}.`);
}

function detailOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("detail" in body)) return null;
  const { detail } = body;
  if (typeof detail === "string") return detail;
  // What was wrong with which field.
  if (Array.isArray(detail)) {
    return detail.map((one: { loc?: unknown[]; msg?: string }) => `${one.loc?.slice(1).join(".")}: ${one.msg}`).join("; ");
  }
  return null;
}

export async function whoAmI(): Promise<Me> {
  const me = await told<Me>(api.GET("/api/venturi/v1/me"));
  csrf = me.csrf_token ?? null;
  return me;
}
