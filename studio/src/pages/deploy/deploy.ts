// Carries out what the Deploy dialog was told, step by step. It goes on when the dialog is closed.
import { inWorkspace, json, send } from "@/api/client";
import { type Deployment, type Endpoint, followDeployment, putDeployment, putTraffic } from "@/api/serving";
import { sendFiles } from "@/api/uploads";
import { allTo, type DeployForm, documentOf, needsScript } from "./form";

export type Step = "endpoint" | "code" | "deployment" | "traffic";
export type StepState = "waiting" | "busy" | "done" | "failed";

export interface Progress {
  steps: { step: Step; state: StepState }[];
  deployment?: Deployment;
  /** What stopped it, when no deployment says so itself. */
  error?: unknown;
  isOver: boolean;
}

/** Return the steps that a form takes, none of them begun. */
export function stepsOf(form: DeployForm): Progress["steps"] {
  const steps: Step[] = [];
  if (!form.endpoint) steps.push("endpoint");
  if (needsScript(form) && form.scriptFrom === "editor") steps.push("code");
  steps.push("deployment");
  if (form.traffic === "all") steps.push("traffic");
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
  const acts: Record<Step, () => Promise<unknown>> = {
    endpoint: () => send("PUT", inWorkspace(ws, "online-endpoints", endpoint), { auth_mode: "key" }),
    code: async () => {
      code = await sendScript(ws, form.script);
    },
    deployment: async () => {
      await putDeployment(ws, endpoint, form.deployment, documentOf(form, code));
      const end = await followDeployment(ws, endpoint, form.deployment, (deployment) => tell({ deployment }), new AbortController().signal);
      if (end.provisioning_state !== "Succeeded") throw new DeploymentFailed();
    },
    traffic: async () => {
      const before = (await json<Endpoint>(inWorkspace(ws, "online-endpoints", endpoint))).traffic ?? {};
      await putTraffic(ws, endpoint, allTo(form.deployment, before));
    },
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

async function sendScript(ws: string, text: string): Promise<string> {
  const file = new File([text], "score.py", { type: "text/x-python" });
  const sent = await sendFiles(ws, [{ path: "score.py", file }], () => undefined, new AbortController().signal);
  return `azureml:trees/${sent.tree}`;
}
