// The question that the whole home page rests on.
import { queryOptions } from "@tanstack/react-query";
import { client, data, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";

export type Summary = Schemas["Summary"];

/** Load, memory and disk change without an event, so these alone are looked at again by time. */
const MACHINE_EVERY_MS = 10_000;

export const summaryQuery = (ws: string) =>
  queryOptions({
    queryKey: keys.summary(ws),
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/summary", { params: { path: { ws } } })) as Promise<Summary>,
    refetchInterval: MACHINE_EVERY_MS,
  });

/** Tell whether nothing has been made in the workspace yet. */
export function isUntouched({ jobs, best_models, endpoints }: Summary): boolean {
  const count = jobs.running + jobs.queued + jobs.completed + jobs.failed + jobs.canceled;
  return count === 0 && best_models.length === 0 && endpoints.length === 0;
}

/** Return the metric to show for a model: what its sweep improved, else the first one. */
export function headline(model: Summary["best_models"][number]): { key: string; value: number } | null {
  const key = model.source_job?.primary_metric ?? Object.keys(model.metrics)[0];
  const value = key === undefined ? undefined : model.metrics[key];
  return key !== undefined && typeof value === "number" ? { key, value } : null;
}
