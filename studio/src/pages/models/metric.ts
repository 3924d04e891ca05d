// The one metric of a model that its list shows. Pure.
import type { AssetRow } from "@/api/assets";

type Source = AssetRow["source_job"];

/** Return the primary metric of the job that made a model: the only one that was chosen. None where a job has none. */
export function primaryOf(job: Source): { key: string; value: number } | null {
  const key = job?.primary_metric;
  const value = key ? job?.metrics[key] : undefined;
  return key && typeof value === "number" ? { key, value } : null;
}

/** Return whether a job logged metrics of which none is its primary one. */
export const hasOthers = (job: Source): boolean => primaryOf(job) === null && Object.keys(job?.metrics ?? {}).length > 0;
