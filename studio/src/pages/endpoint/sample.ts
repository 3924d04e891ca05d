// The request that a deployment shows as an example: beside its script, or of its model.
import { queryOptions } from "@tanstack/react-query";
import { inWorkspace, raw } from "@/api/client";
import { keys } from "@/api/keys";

/** Its text, indented; null when there is none. */
export const sampleQuery = (ws: string, endpoint: string, deployment: string) =>
  queryOptions({
    queryKey: [...keys.endpoint(ws, endpoint), "sample", deployment],
    queryFn: async (): Promise<string | null> => {
      const answer = await raw(`${inWorkspace(ws, "online-endpoints", endpoint, "deployments", deployment, "sample")}?optional=true`);
      return answer.status === 204 ? null : JSON.stringify(await answer.json(), null, 2);
    },
    enabled: deployment !== "",
  });
