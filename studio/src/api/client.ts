// The typed client of our REST. Every answer is data or a thrown ApiError.
import createClient from "openapi-fetch";
import { asApiError, errorOf } from "./errors";
import type { components, paths } from "./schema";
import { setSession } from "./session";

export type Schemas = components["schemas"];
export const PREFIX = "/api/v1";

export const client = createClient<paths>({
  // Taken at the call, so that tests can put their own in place.
  fetch: (request: Request) => globalThis.fetch(request),
});

client.use({
  async onResponse({ response }) {
    if (response.ok) return undefined;
    if (response.status === 401) setSession("closed");
    throw errorOf(response.status, await response.json().catch(() => undefined));
  },
  onError: ({ error }) => asApiError(error),
});

/** Return what a call of `client` answered: `await data(client.GET(...))`. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** Call a path below `/api/v1` that gives text or bytes, or whose types are not described. Throws ApiError. */
export async function raw(path: string, options: RequestInit = {}): Promise<Response> {
  const answer = await fetch(PREFIX + path, options).catch((thrown: unknown) => {
    throw (thrown as Error).name === "AbortError" ? thrown : asApiError(thrown);
  });
  if (answer.ok) return answer;
  if (answer.status === 401) setSession("closed");
  throw errorOf(answer.status, await answer.json().catch(() => undefined));
}

/** Return the JSON of a path below `/api/v1`. */
export async function json<T>(path: string, options: RequestInit = {}): Promise<T> {
  return (await (await raw(path, options)).json()) as T;
}

/** Send a JSON body to a path below `/api/v1`; return the answer's JSON. `signal` takes the question back. */
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await raw(path, {
    ...(signal ? { signal } : {}),
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  // 204, and 202 of what goes on by itself, have no body.
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Return a path below a workspace; its segments are escaped. `inWorkspace("w", "jobs", "a/b")`. */
export function inWorkspace(ws: string, ...segments: string[]): string {
  return ["/workspaces", ws, ...segments].map((one, index) => (index === 0 ? one : encodeURIComponent(one))).join("/");
}

/** Return a query string of the given values; empty ones are left out. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const filled = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return filled.length ? `?${new URLSearchParams(filled.map(([key, value]) => [key, String(value)]))}` : "";
}
