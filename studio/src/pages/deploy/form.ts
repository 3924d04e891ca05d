// What the Deploy dialog asks, what is wrong with it, and the documents that it becomes. No drawing.
import type { Deployment, Endpoint } from "@/api/serving";
import { plainLetters } from "@/parts/plainLetters";

export interface DeployForm {
  /** An endpoint that is there, or "" for a new one named `newEndpoint`. */
  endpoint: string;
  newEndpoint: string;
  deployment: string;
  /** `name:version`; empty while the model is to be registered first. */
  model: string;
  /** Where the files lie that are registered first, and under which name; none for a model that is registered. */
  source: string;
  newModel: string;
  modelType: string;
  instances: number;
  /** Requests at the same time in one replica. */
  concurrent: number;
  /** A scoring script of one's own; always so for models that MLflow did not save. */
  hasScript: boolean;
  environment: string;
  scriptFrom: "editor" | "upload";
  /** What the editor holds. */
  script: string;
  /** What was uploaded, and the script in it. */
  code: string;
  scriptName: string;
  /** `all`: it takes over once it serves; `none`: it gets no requests yet. */
  traffic: "all" | "none";
}

export const NAME = /^[A-Za-z](?:[-A-Za-z0-9]{0,62}[A-Za-z0-9])?$/;

export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export type Problem = "endpoint" | "newEndpoint" | "newModel" | "deployment" | "model" | "environment" | "script" | "code";

export const needsScript = (form: DeployForm): boolean => form.hasScript || form.modelType !== "mlflow_model";

/** Return the fields that are missing or wrong. */
export function problemsOf(form: DeployForm, endpoints: readonly Endpoint[] = []): Problem[] {
  const found: Problem[] = [];
  if (!form.endpoint && (!NAME.test(form.newEndpoint) || isTaken(form.newEndpoint, endpoints))) found.push("newEndpoint");
  if (!NAME.test(form.deployment)) found.push("deployment");
  if (form.source ? !MODEL_NAME.test(form.newModel) : !form.model) found.push(form.source ? "newModel" : "model");
  if (!needsScript(form)) return found;
  if (!form.environment) found.push("environment");
  if (form.scriptFrom === "editor" && !form.script.trim()) found.push("script");
  if (form.scriptFrom === "upload" && !(form.code && form.scriptName)) found.push("code");
  return found;
}

export const isTaken = (name: string, endpoints: readonly Endpoint[]): boolean => endpoints.some((one) => one.name === name);

/** Return the name for a model's own endpoint that none has: `heart-endpoint`, else `heart-endpoint-2` … */
export function freeEndpoint(model: string, endpoints: readonly Endpoint[]): string {
  const name = endpointName(model);
  for (let number = 2; name && isTaken(number === 2 ? name : `${name}-${number - 1}`, endpoints); number += 1) {
    if (!isTaken(`${name}-${number}`, endpoints)) return `${name}-${number}`;
  }
  return name;
}

/** What a job left and nobody has registered yet: an MLflow model's folder, and what it shall be called. */
export interface Source {
  path: string;
  name: string;
}

/** Return the first form for a model: it takes all traffic where nothing serves yet. */
export function firstForm(model: { name: string; version: string; type: string } | null, endpoints: readonly Endpoint[], asked?: string, source?: Source): DeployForm {
  const endpoint = asked ?? "";
  const traffic = Object.values(endpoints.find((one) => one.name === endpoint)?.traffic ?? {}).some((share) => share > 0) ? "none" : "all";
  return {
    endpoint,
    newEndpoint: model || source ? freeEndpoint(model?.name ?? source!.name, endpoints) : "",
    deployment: "blue",
    model: model ? `${model.name}:${model.version}` : "",
    source: source?.path ?? "",
    newModel: source?.name ?? "",
    modelType: model?.type ?? "mlflow_model",
    instances: 1,
    concurrent: source || model?.type === "mlflow_model" ? 64 : 1,
    hasScript: false,
    environment: "",
    scriptFrom: "editor",
    script: SCRIPT,
    code: "",
    scriptName: "score.py",
    traffic,
  };
}

const NAME_LENGTH = 32; // Azure's longest: what is proposed here could move there
const ENDING = "-endpoint";
const NUMBER = 3; // what a second and a third of the name get: -2, -10

/** `heart_v2` -> `heart-v2-endpoint`. */
export function endpointName(model: string): string {
  const plain = plainLetters(model).replace(/[^A-Za-z0-9]+/g, "-").replace(/^[^A-Za-z]+/, "").slice(0, NAME_LENGTH - ENDING.length - NUMBER).replace(/-+$/, "");
  return plain ? plain + ENDING : "";
}

/** Return a name that no deployment has: blue, green, then numbers. */
export function freeName(taken: readonly string[]): string {
  const names = ["blue", "green", ...Array.from({ length: taken.length + 1 }, (_, index) => `v${index + 1}`)];
  return names.find((one) => !taken.includes(one)) ?? "blue";
}

/** Return the deployment's document; `code` names the folder of the script. */
export function documentOf(form: DeployForm, code: string): Partial<Deployment> {
  return {
    model: `azureml:${form.model}`,
    instance_count: form.instances,
    ...(form.concurrent > 1 ? { request_settings: { max_concurrent_requests_per_instance: form.concurrent, request_timeout_ms: 5000, max_queue_wait_ms: 500 } } : {}),
    ...(needsScript(form) ? { environment: referenceOf(form.environment), code_configuration: { code, scoring_script: form.scriptFrom === "editor" ? "score.py" : form.scriptName } } : {}),
  };
}

/** `sklearn-env@latest` -> `azureml:sklearn-env@latest`. */
export const referenceOf = (environment: string): string => (environment.startsWith("azureml:") ? environment : `azureml:${environment}`);

/** Return the traffic after a deployment took over. */
export const allTo = (name: string, before: Record<string, number>): Record<string, number> => ({ ...Object.fromEntries(Object.keys(before).map((one) => [one, 0])), [name]: 100 });

/** Return the deployment as Azure YAML. */
export function yamlOf(form: DeployForm): string {
  const lines = [
    "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json",
    `name: ${form.deployment}`,
    `endpoint_name: ${form.endpoint || form.newEndpoint}`,
    `model: azureml:${form.model}`,
  ];
  if (needsScript(form)) {
    lines.push(`environment: ${referenceOf(form.environment || "ENVIRONMENT@latest")}`, "code_configuration:", "  code: ./src", `  scoring_script: ${form.scriptFrom === "editor" ? "score.py" : form.scriptName}`);
  }
  lines.push(`instance_count: ${form.instances}`);
  if (form.concurrent > 1) lines.push(`request_settings: {max_concurrent_requests_per_instance: ${form.concurrent}}`);
  return lines.join("\n");
}

const SCRIPT = `import json
import os
from pathlib import Path

import joblib


def init():
    """Runs once per replica: load the model."""
    global model
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    model = joblib.load(next(folder.rglob("*.joblib")))


def run(raw_data):
    """Runs once per request: the body as text in, what JSON can hold out."""
    rows = json.loads(raw_data)["data"]
    return model.predict(rows).tolist()
`;
