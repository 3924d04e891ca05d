// Which folders of a job's files could be models. No drawing.
import { plainLetters } from "@/parts/plainLetters";
import { modelFolders } from "./pictures";

export interface ModelChoice {
  folder: string;
  type: "mlflow_model" | "custom_model";
}

const NO_MODELS = new Set(["user_logs", "azureml-logs", "system_logs", "logs"]);

/** Return the folders with an MLmodel first, then every other folder that is no part of one. */
export function modelChoices(files: readonly { path: string }[]): ModelChoice[] {
  const models = modelFolders(files).filter((one) => one !== "").sort();
  const folders = new Set<string>();
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1);
    parts.forEach((_, depth) => folders.add(parts.slice(0, depth + 1).join("/")));
  }
  const others = [...folders].filter((one) => !NO_MODELS.has(one.split("/")[0]!) && !models.some((model) => one === model || one.startsWith(`${model}/`))).sort();
  return [...models.map((folder) => ({ folder, type: "mlflow_model" as const })), ...others.map((folder) => ({ folder, type: "custom_model" as const }))];
}

/** Return a name that a model may have, from a folder's. */
export function modelName(folder: string): string {
  return plainLetters(folder.split("/").pop() ?? "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
}
