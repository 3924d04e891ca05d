// What is done with the model of an AutoML job: put it behind an endpoint, register it, take it along.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, PREFIX } from "@/api/client";
import { query } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { fetchedDialog } from "@/parts/fetched";
import { Icon } from "@/parts/Icon";
import { filesQuery } from "../job";
import { modelName } from "../modelChoices";
import { FILES, MODEL_FILE } from "./automl";
import { automlTexts } from "./texts";

const RegisterModel = fetchedDialog(() => import("../RegisterModel").then((found) => found.default));
const DeployDialog = fetchedDialog(() => import("@/pages/deploy/DeployDialog").then((found) => found.DeployDialog));

interface ModelActionsProps {
  ws: string;
  /** The run whose files hold the model. */
  run: string;
  /** What the model is called unless somebody says otherwise. */
  title: string;
}

/** Nothing until the model is there. */
export function ModelActions({ ws, run, title }: ModelActionsProps) {
  const t = useTexts(automlTexts);
  const { data: files } = useQuery(filesQuery(ws, run));
  const [dialog, setDialog] = useState<"deploy" | "register" | null>(null);
  if (!files?.some((one) => one.path === MODEL_FILE)) return null;
  const name = modelName(title) || "model";
  return (
    <>
      <Button leftSection={<Icon name="endpoints" size={14} />} onClick={() => setDialog("deploy")}>
        {t("deploy")}
      </Button>
      <Button variant="default" leftSection={<Icon name="models" size={14} />} onClick={() => setDialog("register")}>
        {t("register")}
      </Button>
      <Button component="a" variant="default" href={`${PREFIX}${inWorkspace(ws, "jobs", run, "files.zip")}${query({ prefix: FILES.model })}`} download={`${name}.zip`} title={t("downloadHint")} leftSection={<Icon name="download" size={14} />}>
        {t("download")}
      </Button>
      {dialog === "register" ? <RegisterModel ws={ws} job={run} name={name} onClose={() => setDialog(null)} /> : null}
      {dialog === "deploy" ? <DeployDialog ws={ws} source={{ path: `azureml://jobs/${run}/outputs/artifacts/paths/${FILES.model}/`, name }} onClose={() => setDialog(null)} /> : null}
    </>
  );
}
