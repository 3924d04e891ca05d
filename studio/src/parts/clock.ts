// One clock for all times on a page: a single timer, however many cells tell how long ago something was.
import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const one of listeners) one();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const still = () => () => undefined;

/** The time, in milliseconds, each second anew; a clock that need not run stands still and costs nothing. */
export function useNow(isRunning = true): number {
  return useSyncExternalStore(isRunning ? subscribe : still, () => now);
}

/** Return a moment from the server's text or seconds; null when there is none. */
export function momentOf(value: string | number | null | undefined): Date | null {
  if (value === null || value === undefined || value === "") return null;
  const at = typeof value === "number" ? new Date(value * 1000) : new Date(value);
  return Number.isNaN(at.getTime()) ? null : at;
}
