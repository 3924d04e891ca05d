// The lines of a comparison: one for each fact, parameter, metric and tag. No drawing.
import type { Schemas } from "@/api/client";

export type Compared = Schemas["ComparedJobs"];
export type ComparedJob = Compared["jobs"][number];
export const KINDS = ["params", "metrics", "tags"] as const;
export type Kind = (typeof KINDS)[number];

export type Line = { kind: "title"; of: "facts" | Kind; count: number } | { kind: "fact"; key: Fact; isDiffering: boolean } | { kind: Kind; key: string; isDiffering: boolean };
export const FACTS = ["status", "type", "experiment", "created", "duration"] as const;
export type Fact = (typeof FACTS)[number];

/** Return the lines in order; with `isOnlyDiffering` those whose values are the same in all jobs are left out. */
export function linesOf({ jobs, differing }: Compared, isOnlyDiffering: boolean): Line[] {
  const facts = FACTS.map((key): Line => ({ kind: "fact", key, isDiffering: key !== "created" && new Set(jobs.map((job) => factOf(job, key))).size > 1 }));
  const groups: [("facts" | Kind), Line[]][] = [["facts", facts]];
  for (const kind of KINDS) {
    const odd = new Set(differing[kind]);
    const all = [...new Set(jobs.flatMap((job) => Object.keys(job[kind])))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    groups.push([kind, all.filter((key) => !key.startsWith("mlflow.")).map((key): Line => ({ kind, key, isDiffering: odd.has(key) }))]);
  }
  return groups.flatMap(([of, lines]) => {
    const shown = lines.filter((one) => !isOnlyDiffering || ("isDiffering" in one && one.isDiffering));
    return shown.length ? [{ kind: "title" as const, of, count: shown.length }, ...shown] : [];
  });
}

function factOf(job: ComparedJob, key: Fact): string {
  if (key === "experiment") return job.experiment_name;
  if (key === "created") return job.created_at;
  return key === "duration" ? String(job.duration_s ?? "") : job[key];
}
