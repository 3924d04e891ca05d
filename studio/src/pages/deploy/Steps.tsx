// What a deployment that was started is doing: its steps, its replicas, the build's or the script's last words.
import { Button, Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { inWorkspace } from "@/api/client";
import { replicasOf } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { LogView } from "@/parts/LogView";
import { partTexts } from "@/parts/texts";
import { Answer } from "@/pages/endpoint/Answer";
import { DEPLOYMENT_LOG } from "@/pages/endpoint/deploymentLog";
import type { Progress } from "./deploy";
import classes from "./Deploy.module.css";
import { Failure } from "./Failure";
import type { DeployForm } from "./form";
import { deployTexts } from "./texts";

interface StepsProps {
  ws: string;
  form: DeployForm;
  progress: Progress;
  onBack(): void;
  onClose(): void;
}

export function Steps({ ws, form, progress, onBack, onClose }: StepsProps) {
  const t = useTexts(deployTexts);
  const parts = useTexts(partTexts);
  const endpoint = form.endpoint || form.newEndpoint;
  const replicas = progress.deployment ? replicasOf(progress.deployment) : [];
  const ready = replicas.filter((one) => one.state === "ready").length;
  const isFailed = progress.steps.some((one) => one.state === "failed");
  const isStarted = progress.deployment !== undefined;
  return (
    <div style={{ display: "grid", gap: 12 }}>
      <div role="status">
        <ol className={classes.steps}>
        {progress.steps.map(({ step, state }) => (
          <li key={step} data-state={state}>
            {state === "busy" ? <Loader size={16} /> : state === "done" ? <Icon name="check" /> : state === "failed" ? <Icon name="warning" /> : <span className={classes.place} />}
            <span>{t(`step_${step}`, { name: step === "endpoint" ? endpoint : step === "model" ? (progress.model ?? form.newModel) : form.deployment })}</span>
            <span className="faint">{step === "deployment" && isStarted ? t("replicas", { ready, count: form.instances }) : step === "answer" && progress.answer === null ? t("noExample") : ""}</span>
          </li>
        ))}
        </ol>
      </div>
      {progress.error ? <ErrorNote error={progress.error} /> : null}
      {isFailed && progress.deployment ? <Failure deployment={progress.deployment} /> : null}
      {isStarted && (isFailed || !progress.isOver) ? (
        <div style={{ height: 300, display: "flex" }}>
          <LogView path={inWorkspace(ws, "online-endpoints", endpoint, "deployments", form.deployment, "logs")} protocol={DEPLOYMENT_LOG} />
        </div>
      ) : null}
      {progress.answer ? (
        <section className="panel" aria-label={t("step_answer")}>
          <Answer answer={progress.answer.answer} request={progress.answer.body} />
        </section>
      ) : null}
      <div className={classes.foot}>
        {progress.isOver ? null : <span className="faint">{t("goesOn")}</span>}
        {isFailed ? (
          <Button variant="default" onClick={onBack}>
            {t("back")}
          </Button>
        ) : null}
        <Button variant="default" onClick={onClose}>
          {parts("close")}
        </Button>
        {progress.isOver && isStarted ? (
          <Button component={Link} to="/workspaces/$ws/endpoints/$name/$tab" params={{ ws, name: endpoint, tab: isFailed ? "logs" : "test" } as never} search={{ deployment: form.deployment } as never}>
            {isFailed ? t("openEndpoint") : t("testIt")}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
