// One job as its tabs need it, and the questions that more than one of them asks.
import { queryOptions } from "@tanstack/react-query";
import { client, data, inWorkspace, json, query, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import type { ListedFile } from "@/parts/FileTree";

export type Job = Schemas["CommandJob"] | Schemas["SweepJob"];

/** The facts that any kind of job may have, whatever its type. */
export interface JobFacts {
  ws: string;
  name: string;
  job: Job;
}

export const STD_LOG = "user_logs/std_log.txt";

const at = (ws: string, name: string) => ({ params: { path: { ws, name } } });

export function timelineQuery(ws: string, name: string) {
  return queryOptions({ queryKey: [...keys.job(ws, name), "timeline"], queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/timeline", at(ws, name))) });
}

export function metricsQuery(ws: string, name: string) {
  return queryOptions({
    queryKey: [...keys.metrics(ws, name), "list"],
    queryFn: async () => (await data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/metrics", at(ws, name)))).items,
  });
}

export function environmentQuery(ws: string, name: string) {
  return queryOptions({ queryKey: [...keys.job(ws, name), "environment"], queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/environment", at(ws, name))) });
}

/** The files that a job left so far. */
export function filesQuery(ws: string, name: string) {
  return queryOptions({
    queryKey: [...keys.files(ws, name), "list"],
    queryFn: async () => (await json<{ items: ListedFile[] }>(inWorkspace(ws, "jobs", name, "files"))).items,
  });
}

/** The keys that the first few jobs below one have logged. */
export function loggedBelowQuery(ws: string, name: string) {
  return queryOptions({
    queryKey: [...keys.job(ws, name), "below"],
    async queryFn() {
      const { items } = await jobRows(ws, { parent_job_name: name, limit: 3, order_by: "created_at" });
      if (!items.length) return { params: [], metrics: [] };
      const { jobs } = await data(client.POST("/api/v1/workspaces/{ws}/jobs/compare", { params: { path: { ws } }, body: { names: items.map((one) => one.name) } }));
      return { params: jobs.flatMap((one) => Object.keys(one.params)), metrics: jobs.flatMap((one) => Object.keys(one.metrics)) };
    },
  });
}

/** Return the path below `/api/v1` of one of a job's files; with its digest it is another one when the content is. */
export function fileAddress(ws: string, name: string, path: string, digest?: string): string {
  return inWorkspace(ws, "jobs", name, "files", ...path.split("/")) + query({ digest: digest?.slice(0, 12) });
}

/** Return the parts of a trial that a sweep's jobs are made of, or of the job itself. */
export function partsOf(job: Job): { command?: string; environment?: string; code?: string } {
  const found = ("trial" in job && job.trial ? job.trial : job) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const parts = { command: text(found.command), environment: text(found.environment), code: text(found.code) };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

/** Return the address of the page of what a path names (`azureml:heart:1`, a job's output), or null. */
export function placeOf(ws: string, path: string, type: string | undefined): string | null {
  const base = `/workspaces/${encodeURIComponent(ws)}`;
  const job = /^azureml:\/\/jobs\/([^/]+)/.exec(path);
  if (job) return `${base}/jobs/${encodeURIComponent(job[1]!)}/logs`;
  const asset = /^azureml:([^/:@]+)(?::([^/:@]+)|@(\w+))$/.exec(path);
  if (!asset) return null;
  const kind = type?.endsWith("_model") ? "models" : "data";
  const [, name = "", version] = asset;
  return version ? `${base}/${kind}/${encodeURIComponent(name)}/${encodeURIComponent(version)}` : `${base}/${kind}?q=${encodeURIComponent(name)}`;
}
