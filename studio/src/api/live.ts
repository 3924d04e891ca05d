// Keeps the cache of queries true by the event stream of the workspace that is shown.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { PREFIX, inWorkspace } from "./client";
import { isAboutGoing } from "./going";
import { keys, type News, staleKeys, staleNewsKeys } from "./keys";
import { type Connection, EventStream } from "./stream";

let connection: Connection = "connecting";
const listeners = new Set<() => void>();

function setConnection(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

/** How the stream stands, for the header. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

/** Follow a workspace as long as the component is there. Called once, by the shell. */
export function useLive(ws: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const stream = new EventStream(PREFIX + inWorkspace(ws, "events"), handlers(queries, ws));
    stream.start();
    return () => stream.stop();
  }, [queries, ws]);
}

const LISTS_EVERY_MS = 3000; // lists show metrics too, but asking for them costs more than for one chart

function handlers(queries: QueryClient, ws: string) {
  let lists: ReturnType<typeof setTimeout> | undefined;
  const refreshLists = () => {
    lists ??= setTimeout(() => {
      lists = undefined;
      void queries.invalidateQueries({ queryKey: keys.jobs(ws) });
    }, LISTS_EVERY_MS);
  };
  return {
    onEvents: (events: Parameters<typeof staleKeys>[1]) => {
      for (const queryKey of staleKeys(ws, events)) void queries.invalidateQueries({ queryKey, predicate: (one) => !isAboutGoing(one.queryKey) });
    },
    onNews: (kind: News, jobs: string[]) => {
      for (const queryKey of staleNewsKeys(ws, kind, jobs)) void queries.invalidateQueries({ queryKey });
      if (kind === "metrics") refreshLists();
    },
    onConnection: setConnection,
    onGap: () => void queries.invalidateQueries({ queryKey: ["ws", ws] }),
  };
}
