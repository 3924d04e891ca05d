// Registers the model that the best trial left, under a name and with where it came from.
import { Autocomplete, Button, Modal, Select, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { inWorkspace, json, query, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { partTexts } from "@/parts/texts";
import { sweepTexts } from "./texts";
import type { Trial } from "./trials";

interface RegisterBestProps {
  ws: string;
  trial: Trial;
  metric: string;
  onClose(): void;
}

export function RegisterBest({ ws, trial, metric, onClose }: RegisterBestProps) {
  const t = useTexts(sweepTexts);
  const words = useTexts(partTexts);
  const navigate = useNavigate();
  const files = useQuery({ queryKey: [...keys.job(ws, trial.name), "files"], queryFn: () => json<{ items: { path: string }[] }>(inWorkspace(ws, "jobs", trial.name, "files")) });
  const models = useQuery({ queryKey: [...keys.assets(ws, "model"), "names"], queryFn: () => json<Schemas["AssetTable"]>(`${inWorkspace(ws, "models", "rows")}${query({ limit: 200 })}`) });
  const places = modelPlaces((files.data?.items ?? []).map((one) => one.path));
  const [name, setName] = useState("");
  const [place, setPlace] = useState<string | null>(null);
  const [description, setDescription] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const chosen = place ?? places[0]?.value ?? null;
  const register = async (event: FormEvent) => {
    event.preventDefault();
    if (!chosen || !name) return;
    setBusy(true);
    setError(null);
    try {
      const made = await send<{ version: string }>("POST", inWorkspace(ws, "models", name), {
        path: `azureml://jobs/${trial.name}/outputs/artifacts/paths/${chosen}`,
        type: places.find((one) => one.value === chosen)?.isMlflow ? "mlflow_model" : "custom_model",
        ...(description ? { description } : {}),
        tags: trial.value === undefined ? {} : { [metric]: String(trial.value) },
      });
      await navigate({ to: `/workspaces/${encodeURIComponent(ws)}/models/${encodeURIComponent(name)}/${encodeURIComponent(made.version)}`, search: {} });
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t("registerBest")} closeButtonProps={{ "aria-label": words("close") }}>
      <form style={{ display: "grid", gap: 12 }} onSubmit={(event) => void register(event)}>
        <p className="faint">{files.data && !places.length ? t("noModel", { name: trial.name }) : t("registerText", { name: trial.name })}</p>
        <Select label={t("modelFolder")} data={places.map((one) => ({ value: one.value, label: one.isMlflow ? `${one.value} (MLflow)` : one.value }))} value={chosen} allowDeselect={false} disabled={!places.length} onChange={setPlace} />
        <Autocomplete size="xs" label={t("modelName")} data={(models.data?.items ?? []).map((one) => one.name)} value={name} onChange={setName} data-autofocus />
        <Textarea label={t("description")} autosize minRows={2} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        {files.error ?? error ? <ErrorNote error={files.error ?? error} /> : null}
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8 }}>
          <Button variant="default" onClick={onClose}>
            {words("cancel")}
          </Button>
          <Button type="submit" disabled={!chosen || !name} loading={isBusy}>
            {t("register")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Return the folders that may be a model: those with an MLmodel first, then the folders of `outputs`. */
export function modelPlaces(paths: readonly string[]): { value: string; isMlflow: boolean }[] {
  const mlflow = paths.filter((one) => one.endsWith("/MLmodel")).map((one) => one.slice(0, -"/MLmodel".length));
  const others = [...new Set(paths.filter((one) => one.startsWith("outputs/") && one.split("/").length > 2).map((one) => one.split("/").slice(0, 2).join("/")))];
  return [...mlflow.map((value) => ({ value, isMlflow: true })), ...others.filter((one) => !mlflow.some((other) => other === one || other.startsWith(`${one}/`))).map((value) => ({ value, isMlflow: false }))];
}
