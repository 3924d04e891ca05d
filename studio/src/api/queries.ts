// Set-up of TanStack Query, and the queries that more than one page asks.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { client, data, inWorkspace, json, query, type Schemas } from "./client";
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

export type ServerStatus = Schemas["ServerStatus"];
export type JobRow = Schemas["JobTableRow"];

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

export const statusQuery = queryOptions({ queryKey: keys.status, queryFn: () => data(client.GET("/api/v1/status")) });

export const workspacesQuery = queryOptions({
  queryKey: keys.workspaces,
  queryFn: async () => (await data(client.GET("/api/v1/workspaces"))).items,
});

/** A window of the table of jobs. */
export function jobRows(ws: string, asked: RowsQuery, signal?: AbortSignal): Promise<Rows<JobRow>> {
  return json<Rows<JobRow>>(`${inWorkspace(ws, "jobs", "rows")}${query({ ...asked })}`, signal ? { signal } : {});
}

/** Most jobs that one comparison takes. */
export const MOST_COMPARED = 200;

/** Jobs with all that was logged to them, and the keys whose values differ. Its key begins as the lists' do. */
export function comparedQuery(ws: string, names: readonly string[]) {
  return queryOptions({
    queryKey: [...keys.jobs(ws), "compared", ...names],
    queryFn: () => data(client.POST("/api/v1/workspaces/{ws}/jobs/compare", { params: { path: { ws } }, body: { names: [...names] } })),
    enabled: names.length > 0,
  });
}

/** The keys of metrics, parameters and tags that could be columns or stand in a filter, most used first. */
export function columnsQuery(ws: string, search: string, limit = 50) {
  return queryOptions({
    queryKey: [...keys.columns(ws), search, limit],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/columns", { params: { path: { ws }, query: { search, limit } } })),
  });
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
