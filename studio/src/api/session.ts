// Whether this browser may ask: a one-time code or the token is changed for a cookie; a 401 closes the door again.
import { useSyncExternalStore } from "react";
import { asApiError, errorOf } from "./errors";

type State = "open" | "closed";
const listeners = new Set<() => void>();
let state: State = "open";

export const sessionNow = (): State => state;

export function setSession(next: State): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

export function useSession(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** Ask whether the cookie opens the door; a server that does not answer is for the page to say. */
export async function askSession(): Promise<void> {
  // The server writes into the document what the cookie that came with it opens. It does not come with a visit from
  // another site, so that "closed" has to be asked again.
  if (document.documentElement.dataset.session === "open") return;
  const answer = await fetch("/session").catch(() => null);
  if (!answer?.ok) return;
  const { open } = (await answer.json()) as { open: boolean };
  setSession(open ? "open" : "closed");
}

/** Change a code or token for the cookie. Throws ApiError when it is refused. */
export async function openSession(secret: { code: string } | { token: string }): Promise<void> {
  const answer = await fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(secret),
  }).catch((thrown: unknown) => {
    throw asApiError(thrown);
  });
  if (!answer.ok) throw errorOf(answer.status, await answer.json().catch(() => undefined));
  setSession("open");
}

export async function closeSession(): Promise<void> {
  await fetch("/session", { method: "DELETE" });
  setSession("closed");
}

/** Return what a pasted text is: a printed link holds a code, anything else is the token. */
export function secretOf(text: string): { code: string } | { token: string } {
  const code = /#code=([^&\s]+)/.exec(text)?.[1];
  return code ? { code } : { token: text.trim() };
}
