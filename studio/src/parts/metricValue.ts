// Metrics as the server gives them: numbers, and words for those that JSON has no way to write.
import type { Schemas } from "@/api/client";

export type MetricValue = Schemas["JobTableRow"]["metrics"][string];

/** Return the number behind a metric's value. */
export function metricNumber(value: MetricValue): number {
  if (typeof value === "number") return value;
  return value === "nan" ? Number.NaN : value === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}
