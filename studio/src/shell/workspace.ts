// Which workspace is shown: the address says it; elsewhere the last one that was.
import { useParams } from "@tanstack/react-router";
import { remembered } from "@/api/remembered";

const LAST = "workspace";

export function lastWorkspace(): string | null {
  return remembered.get(LAST);
}

export function rememberWorkspace(ws: string): void {
  remembered.set(LAST, ws);
}

/** The workspace of the address. Only for what is drawn below `/workspaces/$ws`. */
export function useWorkspace(): string {
  const { ws } = useParams({ strict: false });
  if (!ws) throw new Error("This part of the page needs a workspace in its address.");
  return ws;
}

/** Return the workspace to show first: the last one if it is still there, else `default`, else any. */
export function firstWorkspace(names: readonly string[], last: string | null): string | undefined {
  if (last && names.includes(last)) return last;
  return names.includes("default") ? "default" : names[0];
}

/** Return where an address of the former page leads: `/?workspace=W#/jobs/N`, and MLflow's `#/experiments/E/runs/N`. */
export function formerAddress(search: URLSearchParams, hash: string): { ws: string | null; job: string } | null {
  const job = /^#?\/?(?:jobs|experiments\/[^/]+\/runs)\/([^/?]+)/.exec(hash)?.[1];
  return job ? { ws: search.get("workspace"), job: decodeURIComponent(job) } : null;
}
