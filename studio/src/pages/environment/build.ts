// How the build of an environment stands, followed while it runs.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { inWorkspace, json, query, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";

export type Build = Schemas["EnvironmentBuild"];

const WAIT_S = 25;

export function useBuild(ws: string, name: string, version: string) {
  const queries = useQueryClient();
  const key = [...keys.asset(ws, "environment", name), version, "build"];
  const path = inWorkspace(ws, "environments", name, "versions", version, "build");
  const found = useQuery({ queryKey: key, queryFn: () => json<Build>(path) });
  const isBuilding = found.data?.state === "building";
  useEffect(() => {
    if (!isBuilding) return undefined;
    // Builds belong to the machine, not to a workspace, so its events do not tell of them: the answer waits for the end.
    const stop = new AbortController();
    void (async () => {
      while (!stop.signal.aborted) {
        const now = await json<Build>(`${path}${query({ wait_s: WAIT_S })}`, { signal: stop.signal }).catch(() => null);
        if (now === null) return;
        queries.setQueryData(key, now);
        if (now.state !== "building") return;
      }
    })();
    return () => stop.abort();
  }, [isBuilding, path, queries]);
  const start = async () => {
    queries.setQueryData(key, await send<Build>("POST", path));
  };
  return { data: found.data, error: found.error, start };
}
