// Metrics that the trials logged beside the primary one, as axes: their names when a chart that offers them is shown,
// their values when one is chosen.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { inWorkspace, json } from "@/api/client";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import { type MetricValue, metricNumber } from "@/parts/metricValue";
import { type Axis, loggedId, type Trial, withLogged } from "./trials";

interface Logged {
  trials: readonly Trial[];
  /** What can be chosen. */
  axes: readonly Axis[];
  /** Those whose values are known: for tables and tips. */
  known: readonly Axis[];
  /** Whether it is not known yet which metrics there are. */
  isNaming: boolean;
  /** Whether values of what is chosen are on their way. */
  isLoading: boolean;
  /** Why the names or the values are not there. */
  error: unknown;
  retry(): void;
}

interface Given {
  trials: readonly Trial[];
  axes: readonly Axis[];
  /** Names of the axes that are drawn, out of those that there are; and those that the address holds, known yet or not. */
  chosen(axes: readonly Axis[]): readonly (string | undefined)[];
}

const NONE: ReadonlyMap<string, Record<string, number>> = new Map();
const WINDOW = 1000;

export function useLogged(ws: string, sweep: string, { trials, axes, chosen }: Given): Logged {
  const scored = trials.filter((one) => one.value !== undefined);
  // All trials run one command: what one of them logged stands for all.
  const told = (scored.find((one) => one.status === "Completed") ?? scored[0])?.name ?? "";
  const names = useQuery({
    queryKey: [...keys.metrics(ws, told), "summary"],
    queryFn: () => json<{ metrics: Record<string, MetricValue> }>(inWorkspace(ws, "jobs", told, "summary")),
    enabled: told !== "",
    placeholderData: keepPreviousData,
  });
  const primary = axes.at(-1)!.logged;
  const further = useMemo(() => Object.keys(names.data?.metrics ?? {}).filter((key) => key !== primary).sort(), [names.data, primary]);
  const offered = useMemo(() => withLogged([], axes, further, NONE).axes, [axes, further]);
  const drawn = chosen(offered);
  const wanted = further.filter((key) => drawn.includes(loggedId(key)));
  const values = useQuery({
    // Begins as the trials' own name does: what makes them stale makes these stale.
    queryKey: ["ws", ws, "trials", sweep, "logged", ...wanted],
    queryFn: () => valuesOf(ws, sweep, wanted),
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
  });
  const there = wanted.length ? (values.data ?? NONE) : NONE;
  const all = useMemo(() => withLogged(trials, axes, further, there), [trials, axes, further, there]);
  const word = wanted.join("\n");
  const known = useMemo(() => all.axes.filter((one) => one.isMetric || one.logged === undefined || word.split("\n").includes(one.logged)), [all, word]);
  const isNaming = told !== "" && names.isPending;
  const isAsked = drawn.some((one) => one?.startsWith(loggedId("")));
  const isLoading = (isAsked && isNaming) || (wanted.length > 0 && (values.isPending || values.isPlaceholderData));
  // What was known before a look failed is still there to draw.
  const failed = [names, values].find((one) => one.error && !one.data);
  return { ...all, known, isNaming, isLoading, error: failed?.error, retry: () => void failed?.refetch() };
}

async function valuesOf(ws: string, sweep: string, wanted: readonly string[]): Promise<ReadonlyMap<string, Record<string, number>>> {
  const found = new Map<string, Record<string, number>>();
  const columns = wanted.map((key) => `metrics.${key}`).join(",");
  for (let offset = 0, total = 1; offset < total; offset += WINDOW) {
    const rows = await jobRows(ws, { parent_job_name: sweep, list_view_type: "All", order_by: "created_at", columns, limit: WINDOW, offset });
    for (const { name, metrics } of rows.items) {
      const numbers = Object.entries(metrics).map(([key, value]) => [key, metricNumber(value)] as const);
      found.set(name, Object.fromEntries(numbers.filter(([, value]) => Number.isFinite(value))));
    }
    total = rows.total;
  }
  return found;
}
