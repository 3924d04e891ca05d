// How the log of a deployment is followed: by a cursor over all its replicas, without an end while it is there.
import type { LogProtocol } from "@/parts/LogView";

export const DEPLOYMENT_LOG: LogProtocol = {
  from: { word: "after", start: "" },
  nextHeader: "X-Next-Cursor",
  stateHeader: "X-Deployment-State",
  isOver: (state) => state === "Failed",
};
