// What the table of jobs asks for, said by the address alone: so that the rows can be asked for before the page's code is here.
import { keys } from "@/api/keys";
import { jobRows, type RowsQuery } from "@/api/queries";
import { WINDOW, windowKey } from "@/parts/tableState";
import type { Search } from "@/parts/urlState";
import { loggedColumns } from "./columnIds";

/** Return the filter and columns that the address asks for. `standard` stands for the columns when it names none. */
export function askedRows(search: Search, standard?: string): RowsQuery {
  return {
    ...(search.q ? { search: search.q } : {}),
    ...(search.filter ? { filter: search.filter } : {}),
    list_view_type: search.view === "archived" ? "ArchivedOnly" : search.view === "all" ? "All" : "ActiveOnly",
    columns: loggedColumns(search.cols ?? standard),
  };
}

/** Return whether rows stand below their parents. */
export const isTree = (search: Search, parent?: string): boolean => parent !== undefined || search.scope !== "all";

/** The part of the name of a query that all windows of one table share. */
export function rowsKey(ws: string, search: Search, parent?: string, standard?: string) {
  return [...keys.jobs(ws), "rows", parent ?? null, isTree(search, parent), askedRows(search, standard)];
}

/** Return what is asked of the server for the outermost rows of the jobs of a workspace, or of those below a job. */
export function outermost(search: Search, parent?: string): RowsQuery {
  return parent === undefined ? { scope: isTree(search) ? "roots" : "all" } : { parent_job_name: parent };
}

/** The first rows of the page of jobs; null when the address orders them, which takes the columns to understand. */
export function firstRowsQuery(ws: string, search: Search) {
  if (search.sort) return null;
  return {
    queryKey: windowKey(rowsKey(ws, search), { number: 0, parent: null }, undefined),
    queryFn: ({ signal }: { signal: AbortSignal }) => jobRows(ws, { ...askedRows(search), ...outermost(search), offset: 0, limit: WINDOW }, signal),
  };
}
