// The Deploy dialog: a model behind a new or existing endpoint, with a script of one's own or without any.
import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { endpointsQuery } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { partTexts } from "@/parts/texts";
import { deploy, type Progress, stepsOf } from "./deploy";
import classes from "./Deploy.module.css";
import { Fields } from "./Fields";
import { type DeployForm, firstForm, problemsOf, type Source } from "./form";
import { Steps } from "./Steps";
import { deployTexts } from "./texts";

export interface DeployDialogProps {
  ws: string;
  /** Which model; without one the dialog asks. */
  model?: { name: string; version: string; type: string };
  /** Instead of a registered model: what is registered on the way. */
  source?: Source;
  /** Which endpoint; without one the dialog asks. */
  endpoint?: string;
  onClose(): void;
}

export function DeployDialog(props: DeployDialogProps) {
  const t = useTexts(deployTexts);
  const parts = useTexts(partTexts);
  const endpoints = useQuery(endpointsQuery(props.ws));
  return (
    <Modal opened onClose={props.onClose} title={props.model ? t("title", { name: `${props.model.name}:${props.model.version}` }) : props.source ? t("title", { name: props.source.name }) : t("titleAny")} size="lg" closeButtonProps={{ "aria-label": parts("close") }}>
      {endpoints.data ? <Work {...props} endpoints={endpoints.data} /> : null}
    </Modal>
  );
}

function Work({ ws, model, source, endpoint, onClose, endpoints }: DeployDialogProps & { endpoints: Parameters<typeof firstForm>[1] }) {
  const t = useTexts(deployTexts);
  const parts = useTexts(partTexts);
  const [form, setForm] = useState<DeployForm>(() => firstForm(model ?? null, endpoints, endpoint, source));
  const [progress, setProgress] = useState<Progress | null>(null);
  // The second time the deployment is there and is meant to be changed.
  const [isRetry, setRetry] = useState(false);
  const problems = problemsOf(form, endpoints);
  const back = () => {
    const isMade = progress?.steps.some((one) => one.step === "endpoint" && one.state === "done");
    setForm({ ...form, ...(isMade ? { endpoint: form.newEndpoint } : {}), ...(progress?.model ? { model: progress.model, source: "" } : {}) });
    setRetry(true);
    setProgress(null);
  };
  if (progress) return <Steps ws={ws} form={form} progress={progress} onBack={back} onClose={onClose} />;
  const start = () => {
    setProgress({ steps: stepsOf(form), isOver: false });
    void deploy(ws, form, setProgress);
  };
  return (
    <form
      style={{ display: "grid", gap: 12 }}
      onSubmit={(event) => {
        event.preventDefault();
        if (!problems.length) start();
      }}
    >
      <Fields ws={ws} form={form} onForm={setForm} endpoints={endpoints} isModelFixed={model !== undefined || source !== undefined} isEndpointFixed={endpoint !== undefined} isRetry={isRetry} />
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          {parts("cancel")}
        </Button>
        <Button type="submit" disabled={problems.length > 0}>
          {t("deploy")}
        </Button>
      </div>
    </form>
  );
}
