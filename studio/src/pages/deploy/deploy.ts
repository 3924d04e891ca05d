// Carries out what the Deploy dialog was told, step by step. It goes on when the dialog is closed.
import { inWorkspace, json, query, raw, type Schemas, send } from "@/api/client";
import { type Deployment, type Endpoint, followDeployment, putDeployment, putTraffic } from "@/api/serving";
import { sendFiles } from "@/api/uploads";
import { remember } from "@/pages/endpoint/history";
import { allTo, type DeployForm, documentOf, needsScript } from "./form";

export type Step = "model" | "endpoint" | "code" | "deployment" | "traffic" | "answer";
export type StepState = "waiting" | "busy" | "done" | "failed";

export interface Progress {
  steps: { step: Step; state: StepState }[];
  deployment?: Deployment;
  /** What was registered, `name:version`. */
  model?: string;
  /** The model's own example as a request, and what came back; null when there is no example. */
  answer?: { body: string; answer: Schemas["Invocation"] } | null;
  /** What stopped it, when no deployment says so itself. */
  error?: unknown;
  isOver: boolean;
}

/** Return the steps that a form takes, none of them begun. */
export function stepsOf(form: DeployForm): Progress["steps"] {
  const steps: Step[] = [];
  if (form.source) steps.push("model");
  if (!form.endpoint) steps.push("endpoint");
  if (needsScript(form) && form.scriptFrom === "editor") steps.push("code");
  steps.push("deployment");
  if (form.traffic === "all") steps.push("traffic");
  // What a script of one's own takes nobody knows but its writer.
  if (!needsScript(form)) steps.push("answer");
  return steps.map((step) => ({ step, state: "waiting" }));
}

/** Do it; each change is told. It throws nothing: what went wrong is in the last progress. */
export async function deploy(ws: string, form: DeployForm, onProgress: (progress: Progress) => void): Promise<Progress> {
  let now: Progress = { steps: stepsOf(form), isOver: false };
  const tell = (changes: Partial<Progress>) => {
    now = { ...now, ...changes };
    onProgress(now);
  };
  const mark = (step: Step, state: StepState) => tell({ steps: now.steps.map((one) => (one.step === step ? { step, state } : one)) });
  const endpoint = form.endpoint || form.newEndpoint;
  let code = form.code;
  let model = form.model;
  const acts: Record<Step, () => Promise<unknown>> = {
    model: async () => {
      const made = await send<{ name: string; version: string }>("POST", inWorkspace(ws, "models"), { name: form.newModel, path: form.source, type: form.modelType });
      model = `${made.name}:${made.version}`;
      tell({ model });
    },
    endpoint: () => send("PUT", inWorkspace(ws, "online-endpoints", endpoint), { auth_mode: "key" }),
    code: async () => {
      code = await sendScript(ws, form.script);
    },
    deployment: async () => {
      await putDeployment(ws, endpoint, form.deployment, documentOf({ ...form, model }, code));
      const end = await followDeployment(ws, endpoint, form.deployment, (deployment) => tell({ deployment }), new AbortController().signal);
      if (end.provisioning_state !== "Succeeded") throw new DeploymentFailed();
    },
    traffic: async () => {
      const before = (await json<Endpoint>(inWorkspace(ws, "online-endpoints", endpoint))).traffic ?? {};
      await putTraffic(ws, endpoint, allTo(form.deployment, before));
    },
    answer: async () => tell({ answer: await firstAnswer(ws, endpoint, form.deployment) }),
  };
  for (const { step } of now.steps) {
    mark(step, "busy");
    try {
      await acts[step]();
    } catch (error) {
      mark(step, "failed");
      tell({ isOver: true, ...(error instanceof DeploymentFailed ? {} : { error }) });
      return now;
    }
    mark(step, "done");
  }
  tell({ isOver: true });
  return now;
}

/** Its reason is in the deployment itself. */
class DeploymentFailed extends Error {}

async function firstAnswer(ws: string, endpoint: string, deployment: string): Promise<Progress["answer"]> {
  const path = inWorkspace(ws, "online-endpoints", endpoint);
  const sample = await raw(`${path}/deployments/${encodeURIComponent(deployment)}/sample?optional=true`);
  if (sample.status === 204) return null;
  const body = JSON.stringify(await sample.json(), null, 2);
  const answer = await raw(`${path}/invoke${query({ deployment })}`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const found = { body, answer: (await answer.json()) as Schemas["Invocation"] };
  remember(ws, endpoint, { at: Date.now(), deployment, ...found }); // so that the Test tab shows it
  return found;
}

async function sendScript(ws: string, text: string): Promise<string> {
  const file = new File([text], "score.py", { type: "text/x-python" });
  const sent = await sendFiles(ws, [{ path: "score.py", file }], () => undefined, new AbortController().signal);
  return `azureml:trees/${sent.tree}`;
}
