// Points of a metric as the server packs them, and on the axis that a chart asks for.
import { queryOptions } from "@tanstack/react-query";
import { inWorkspace, query, raw } from "@/api/client";
import { keys } from "@/api/keys";
import type { Series } from "./seriesMath";

export type Axis = "step" | "relative" | "time";
export const AXES: readonly Axis[] = ["step", "relative", "time"];

export interface Points {
  steps: Float64Array;
  /** Seconds since 1970. */
  times: Float64Array;
  values: Float64Array;
  /** Before thinning. */
  total: number;
}

/** Return the points of an answer: little-endian doubles (step, time, value), one after the other. */
export function unpacked(bytes: ArrayBuffer, total: number): Points {
  const view = new DataView(bytes);
  const count = Math.floor(bytes.byteLength / 24);
  const points = { steps: new Float64Array(count), times: new Float64Array(count), values: new Float64Array(count), total };
  for (let index = 0; index < count; index += 1) {
    points.steps[index] = view.getFloat64(index * 24, true);
    points.times[index] = view.getFloat64(index * 24 + 8, true);
    points.values[index] = view.getFloat64(index * 24 + 16, true);
  }
  return points;
}

/** The points of one metric of one job, thinned so that every peak stays. */
export function pointsQuery(ws: string, job: string, key: string, axis: Axis, most = 2000) {
  const x = axis === "step" ? "step" : "time";
  return queryOptions({
    queryKey: [...keys.metrics(ws, job), "points", key, x, most],
    queryFn: async ({ signal }) => {
      const path = `${inWorkspace(ws, "jobs", job, "metrics")}/${key.split("/").map(encodeURIComponent).join("/")}/points`;
      const answer = await raw(`${path}${query({ most, x, form: "binary" })}`, { signal });
      return unpacked(await answer.arrayBuffer(), Number(answer.headers.get("X-Total")));
    },
    structuralSharing: false,
  });
}

/** Return points as a series on an axis; `relative` counts seconds from the first point. */
export function seriesOf(name: string, points: Points, axis: Axis): Series {
  if (axis === "step") return { name, xs: points.steps, ys: points.values };
  const start = axis === "relative" ? (points.times[0] ?? 0) : 0;
  return { name, xs: start ? points.times.map((one) => one - start) : points.times, ys: points.values };
}

/**
 * Return series on `most` places that all share: each holds its last value there. Without it, many series over time,
 * none of whose points come at one moment, would need a row for each point of each.
 */
export function onGrid(series: readonly Series[], most: number): Series[] {
  const [low, high] = series.reduce(
    ([least, greatest], { xs }) => (xs.length ? [Math.min(least, xs[0]!), Math.max(greatest, xs[xs.length - 1]!)] : [least, greatest]),
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (!(high > low)) return [...series];
  const grid = Array.from({ length: most }, (_, index) => low + ((high - low) * index) / (most - 1));
  return series.map(({ name, xs, ys }) => {
    const values = new Array<number>(most).fill(Number.NaN);
    let at = 0;
    grid.forEach((x, index) => {
      while (at < xs.length && xs[at]! <= x) at += 1;
      // Before its first point and after its last a series has no value.
      if (at > 0 && (at < xs.length || index === 0 || xs[xs.length - 1]! > grid[index - 1]!)) values[index] = ys[at - 1]!;
    });
    return { name, xs: grid, ys: values };
  });
}
