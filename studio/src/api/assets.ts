// Questions about models, environments and data assets that more than one page asks.
import { queryOptions } from "@tanstack/react-query";
import { client, data, inWorkspace, json, query, type Schemas, send } from "./client";
import { type AssetKind, keys } from "./keys";
import { allItems, type Rows } from "./queries";

const SEGMENTS: Record<AssetKind, string> = { data: "data", model: "models", environment: "environments" };

export type AssetRow = Schemas["AssetRow"];
export type ListView = "ActiveOnly" | "ArchivedOnly" | "All";

/** A window of the table of models or data. */
export function assetRows(ws: string, kind: "model" | "data", asked: { search?: string; list_view_type?: ListView; limit?: number; offset?: number }) {
  return json<Rows<AssetRow>>(`${inWorkspace(ws, SEGMENTS[kind], "rows")}${query(asked)}`);
}

/** All versions of one name, newest first, archived ones too. */
export function versionsQuery<T extends { version?: string | null }>(ws: string, kind: AssetKind, name: string) {
  return queryOptions({
    queryKey: [...keys.assets(ws, kind), name, "versions"],
    queryFn: async () => (await allItems<T>(`${inWorkspace(ws, SEGMENTS[kind], name, "versions")}`, { list_view_type: "All" })).items,
  });
}

export const modelQuery = (ws: string, name: string, version: string) =>
  queryOptions({
    queryKey: [...keys.assets(ws, "model"), name, version],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/models/{name}/versions/{version}", { params: { path: { ws, name, version } } })),
  });

export const modelDetailsQuery = (ws: string, name: string, version: string) =>
  queryOptions({
    // Deployments are a part of it, so events of endpoints make it stale as well: see `staleKeys`.
    queryKey: [...keys.endpoints(ws), "model", name, version],
    queryFn: () =>
      data(client.GET("/api/v1/workspaces/{ws}/models/{name}/versions/{version}/details", { params: { path: { ws, name, version } } })) as Promise<Schemas["ModelDetails"]>,
  });

export const environmentsQuery = (ws: string) =>
  queryOptions({
    queryKey: [...keys.assets(ws, "environment"), "list"],
    queryFn: async () => (await allItems<Schemas["Environment"]>(inWorkspace(ws, "environments"))).items,
  });

/** The environments that come with the platform. */
export const curatedQuery = queryOptions({
  queryKey: ["curated-environments"],
  queryFn: async () => (await data(client.GET("/api/v1/curated-environments"))).items,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Hide a name or one version from lists, or show it again. */
export function setArchived(ws: string, kind: AssetKind, isArchived: boolean, name: string, version?: string): Promise<unknown> {
  const whole = inWorkspace(ws, SEGMENTS[kind], name, ...(version ? ["versions", version] : []));
  return send("POST", `${whole}/${isArchived ? "archive" : "restore"}`);
}

/** Delete a name with all its versions, or one version. */
export function deleteAsset(ws: string, kind: AssetKind, name: string, version?: string): Promise<unknown> {
  return send("DELETE", inWorkspace(ws, SEGMENTS[kind], name, ...(version ? ["versions", version] : [])));
}
