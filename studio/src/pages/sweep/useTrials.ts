// The trials of a sweep, kept up to date while it runs: asked for at most so often, however fast the trials report.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { inWorkspace, json, query } from "@/api/client";
import { keys } from "@/api/keys";
import type { Trial } from "./trials";

const LEAST_MS = 1000;
const EACH_TRIAL_MS = 2; // a thousand trials are asked for every three seconds

/** `pulse`: changes when there is news that the lists of jobs are not told of. */
export function useTrials<T = Trial>(ws: string, name: string, pulse?: number) {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["ws", ws, "trials", name],
    queryFn: () => allTrials<T>(ws, name),
    placeholderData: keepPreviousData,
  });
  // Costs nothing to ask; what makes lists of jobs stale makes it anew, and with it the trials.
  const { dataUpdatedAt: listed } = useQuery({ queryKey: [...keys.jobs(ws), "pulse", name], queryFn: () => Date.now() });
  const last = useRef(Date.now());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const count = found.data?.length ?? 0;
  useEffect(() => {
    if (!listed || timer.current !== undefined) return;
    const pause = LEAST_MS + count * EACH_TRIAL_MS - (Date.now() - last.current);
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        last.current = Date.now();
        void queries.invalidateQueries({ queryKey: ["ws", ws, "trials", name] });
        void queries.invalidateQueries({ queryKey: keys.job(ws, name), exact: true });
      },
      Math.max(pause, 0),
    );
    // The timer outlives the next pulse on purpose: the last news of a burst must not be lost.
  }, [listed, pulse, queries, ws, name, count]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [ws, name],
  );
  return found;
}

async function allTrials<T>(ws: string, name: string): Promise<T[]> {
  const trials: T[] = [];
  let cursor: string | undefined;
  do {
    const page: { items: T[]; next?: string | null } = await json(`${inWorkspace(ws, "jobs", name, "trials")}${query({ limit: 1000, cursor })}`);
    trials.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return trials;
}
