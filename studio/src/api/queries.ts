// Set-up of TanStack Query, and the queries that more than one page asks.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { client, data, inWorkspace, json, query } from "./client";
import { ApiError } from "./errors";
import { keys } from "./keys";

/** Return the cache of a tab. Events say what is stale; nothing is asked again just because time went by. */
export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        // What the server refuses it refuses again; a server that is away is asked twice more.
        retry: (count, error) => error instanceof ApiError && error.isUnreachable && count < 2,
      },
    },
  });
}

export interface ServerStatus {
  version: string;
  url: string;
  gateway_url?: string;
  home?: string;
  started_at?: string;
  jobs: { running: number; queued: number; names: string[] };
  ledger: { cores: number; in_use: number } & Record<string, unknown>;
  [more: string]: unknown;
}

export interface JobRow {
  name: string;
  display_name: string;
  type: string;
  status: string;
  experiment_name: string;
  parent_job_name?: string;
  created_at: string;
  started_at?: string;
  ended_at?: string;
  duration_s?: number;
  user: string;
  archived: boolean;
  children: number;
  queue_position?: number;
  status_reason?: string;
  error?: { code?: string; message?: string };
  metrics: Record<string, number>;
  params: Record<string, string>;
  tags: Record<string, string>;
}

export interface RowsQuery {
  filter?: string;
  search?: string;
  order_by?: string;
  parent_job_name?: string;
  scope?: "roots" | "all";
  list_view_type?: "ActiveOnly" | "ArchivedOnly" | "All";
  columns?: string;
  limit?: number;
  offset?: number;
}

export interface Rows<T> {
  items: T[];
  total: number;
  offset: number;
}

export const statusQuery = queryOptions({ queryKey: keys.status, queryFn: () => json<ServerStatus>("/status") });

export const workspacesQuery = queryOptions({
  queryKey: keys.workspaces,
  queryFn: async () => (await data(client.GET("/api/v1/workspaces"))).items,
});

/** A window of the table of jobs. */
export function jobRows(ws: string, asked: RowsQuery): Promise<Rows<JobRow>> {
  return json<Rows<JobRow>>(`${inWorkspace(ws, "jobs", "rows")}${query({ ...asked })}`);
}

export function jobQuery(ws: string, name: string) {
  return queryOptions({
    queryKey: keys.job(ws, name),
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}", { params: { path: { ws, name } } })),
  });
}

/** All items of a list that has a cursor, as one window: for lists that are short by their nature. */
export async function allItems<T>(path: string, asked: Record<string, string> = {}): Promise<Rows<T>> {
  const items: T[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: { items: T[]; next: string | null } = await json(`${path}${query({ ...asked, limit: 1000, cursor })}`);
    items.push(...page.items);
    cursor = page.next ?? null;
  }
  return { items, total: items.length, offset: 0 };
}
