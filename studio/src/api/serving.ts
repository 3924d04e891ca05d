// Questions about endpoints and deployments, and what changes them.
import { queryOptions } from "@tanstack/react-query";
import { client, data, inWorkspace, json, query, raw, type Schemas, send } from "./client";
import { keys } from "./keys";
import { allItems } from "./queries";

export type Endpoint = Schemas["OnlineEndpoint"];
export type Deployment = Schemas["OnlineDeployment"];

export interface Replica {
  name: string;
  state: string;
  generation: number;
  /** `L0`: the model as it was loaded; `L1`: an exact, quicker equivalent. */
  level?: string;
  level_reason?: string;
  batch?: boolean;
  batch_reason?: string;
  n_jobs?: number | string;
  flavors?: unknown;
}

export const endpointsQuery = (ws: string) =>
  queryOptions({
    queryKey: [...keys.endpoints(ws), "list"],
    queryFn: async () => (await allItems<Endpoint>(inWorkspace(ws, "online-endpoints"))).items,
  });

export const endpointQuery = (ws: string, name: string) =>
  queryOptions({
    queryKey: keys.endpoint(ws, name),
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/online-endpoints/{name}", { params: { path: { ws, name } } })),
  });

export const deploymentsQuery = (ws: string, endpoint: string) =>
  queryOptions({
    queryKey: [...keys.endpoint(ws, endpoint), "deployments"],
    queryFn: async () => (await allItems<Deployment>(inWorkspace(ws, "online-endpoints", endpoint, "deployments"))).items,
  });

/** Return the replicas of a deployment; they come as text among its properties. */
export function replicasOf(deployment: Deployment): Replica[] {
  const text = deployment.properties?.replicas;
  if (typeof text !== "string") return [];
  try {
    return JSON.parse(text) as Replica[];
  } catch {
    return [];
  }
}

export const isChanging = (deployment: Deployment): boolean => ["Creating", "Updating", "Deleting"].includes(deployment.provisioning_state ?? "");

/** Return a deployment as the server takes it back: without what the server alone writes. */
export function writable(deployment: Deployment): Partial<Deployment> {
  const { provisioning_state: _state, creation_context: _context, error: _error, id: _id, properties, ...rest } = deployment;
  const { replicas: _replicas, program: _program, serving_environment: _environment, ...kept } = properties ?? {};
  return { ...rest, properties: kept };
}

export const putDeployment = (ws: string, endpoint: string, name: string, body: Partial<Deployment>): Promise<Deployment> =>
  send("PUT", inWorkspace(ws, "online-endpoints", endpoint, "deployments", name), body);

/** Change who gets which share of the requests; a name that is left out gets none. */
export async function putTraffic(ws: string, endpoint: string, traffic: Record<string, number>, mirror_traffic?: Record<string, number>): Promise<Endpoint> {
  const path = inWorkspace(ws, "online-endpoints", endpoint);
  const now = await json<Endpoint>(path);
  const { scoring_uri: _uri, openapi_uri: _openapi, provisioning_state: _state, creation_context: _context, id: _id, kind: _kind, ...kept } = now;
  return send("PUT", path, { ...kept, traffic, mirror_traffic: mirror_traffic ?? now.mirror_traffic ?? {} });
}

const WAIT_S = 25;

/** Follow a deployment by waiting for its next revision until it stands still; `onChange` gets each state. */
export async function followDeployment(ws: string, endpoint: string, name: string, onChange: (deployment: Deployment) => void, signal: AbortSignal): Promise<Deployment> {
  const path = inWorkspace(ws, "online-endpoints", endpoint, "deployments", name);
  let revision = 0;
  for (;;) {
    const answer = await raw(`${path}${query({ wait_s: revision ? WAIT_S : 0, revision })}`, { signal });
    revision = Number(/\d+/.exec(answer.headers.get("ETag") ?? "")?.[0] ?? 0);
    const found = (await answer.json()) as Deployment;
    onChange(found);
    if (!isChanging(found)) return found;
  }
}
