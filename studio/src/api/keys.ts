// Names of queries, and which of them each kind of event makes stale. The one place that ties the log to the cache.
import type { QueryKey } from "@tanstack/react-query";

/** Names of queries. What begins alike is refreshed together: `keys.jobs(ws)` covers every list of jobs. */
export const keys = {
  status: ["status"],
  workspaces: ["workspaces"],
  summary: (ws: string) => ["ws", ws, "summary"],
  usage: (ws: string) => ["ws", ws, "usage"],
  jobs: (ws: string) => ["ws", ws, "jobs"],
  /** Which keys of metrics, parameters and tags there are. Not refreshed by events: it is asked when a list of them opens. */
  columns: (ws: string) => ["ws", ws, "columns"],
  job: (ws: string, name: string) => ["ws", ws, "job", name],
  metrics: (ws: string, job: string) => ["ws", ws, "metrics", job],
  /** Lists of what a job left, and what is in files that change. */
  files: (ws: string, job: string) => ["ws", ws, "files", job],
  /** Lists and versions of an asset: data, model, environment. */
  assets: (ws: string, kind: AssetKind) => ["ws", ws, kind],
  asset: (ws: string, kind: AssetKind, name: string) => ["ws", ws, kind, name],
  endpoints: (ws: string) => ["ws", ws, "endpoints"],
  endpoint: (ws: string, name: string) => ["ws", ws, "endpoint", name],
  computes: (ws: string) => ["ws", ws, "computes"],
  datastores: (ws: string) => ["ws", ws, "datastores"],
} as const satisfies Record<string, QueryKey | ((...names: never[]) => QueryKey)>;

export type AssetKind = "data" | "model" | "environment";

export interface LogEvent {
  seq: number;
  kind: string;
  name: string;
  what: string;
  data: Record<string, unknown>;
}

type Stale = (ws: string, event: LogEvent) => QueryKey[];
const asset =
  (kind: AssetKind): Stale =>
  (ws) => [keys.assets(ws, kind), keys.summary(ws)];

/** Kind of event -> queries that it makes stale. An unknown kind makes none stale. */
const STALE: Record<string, Stale> = {
  job: (ws, { name }) => [keys.jobs(ws), keys.job(ws, name), keys.files(ws, name), keys.summary(ws), keys.computes(ws), keys.status],
  data: asset("data"),
  models: asset("model"),
  environments: asset("environment"),
  environment: asset("environment"), // its build
  endpoint: (ws, { name }) => [keys.endpoints(ws), keys.endpoint(ws, name), keys.summary(ws)],
  // Named `endpoint/deployment`.
  deployment: (ws, { name }) => [keys.endpoints(ws), keys.endpoint(ws, name.split("/")[0] ?? name), keys.summary(ws)],
  computes: (ws) => [keys.computes(ws), keys.summary(ws)],
  datastores: (ws) => [keys.datastores(ws)],
  workspace: () => [keys.workspaces],
};

/** Return the queries that some events make stale, each once. */
export function staleKeys(ws: string, events: readonly LogEvent[]): QueryKey[] {
  const found = new Map<string, QueryKey>();
  for (const event of events) {
    for (const key of STALE[event.kind]?.(ws, event) ?? []) found.set(JSON.stringify(key), key);
  }
  return [...found.values()];
}

/** What jobs log while they run: told apart from the events of the log, and not kept in it. */
export type News = "metrics" | "files";

/** Return the queries that news of some jobs make stale: charts for metrics, not the lists; files for files. */
export function staleNewsKeys(ws: string, kind: News, jobs: readonly string[]): QueryKey[] {
  return jobs.map((name) => keys[kind](ws, name));
}
