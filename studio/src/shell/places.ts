// The pages of a workspace, as navigation and command palette list them.
import type { IconName } from "@/parts/Icon";
import type { shellTexts } from "./texts";

type Key = keyof (typeof shellTexts)["en"];

export interface Place {
  /** Below `/workspaces/$ws/`. */
  path: "home" | "data" | "jobs" | "models" | "endpoints" | "environments" | "compute" | "datastores" | "settings";
  title: Key;
  icon: IconName;
}

export const HOME: Place = { path: "home", title: "navHome", icon: "home" };
export const ASSETS: readonly Place[] = [
  { path: "data", title: "navData", icon: "data" },
  { path: "jobs", title: "navJobs", icon: "jobs" },
  { path: "models", title: "navModels", icon: "models" },
  { path: "endpoints", title: "navEndpoints", icon: "endpoints" },
  { path: "environments", title: "navEnvironments", icon: "environments" },
];
export const MANAGE: readonly Place[] = [
  { path: "compute", title: "navCompute", icon: "compute" },
  { path: "datastores", title: "navDatastores", icon: "datastores" },
];
export const SETTINGS: Place = { path: "settings", title: "navSettings", icon: "settings" };
