// The fields of the Deploy dialog.
import "@mantine/core/styles/NumberInput.css";
import { Autocomplete, NumberInput, SegmentedControl, Select, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { assetRows, environmentsQuery, modelDetailsQuery } from "@/api/assets";
import { keys } from "@/api/keys";
import { deploymentsQuery, type Endpoint } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { UploadDrop } from "@/parts/UploadDrop";
import classes from "./Deploy.module.css";
import { type DeployForm, endpointName, freeEndpoint, freeName, isTaken, MODEL_NAME, NAME, needsScript } from "./form";
import { deployTexts } from "./texts";

interface FieldsProps {
  ws: string;
  form: DeployForm;
  onForm(form: DeployForm): void;
  endpoints: readonly Endpoint[];
  isModelFixed: boolean;
  isEndpointFixed: boolean;
  /** After a failure: the name stays, though a deployment has it. */
  isRetry: boolean;
}

const NEW = "\u0000new";
const CONCURRENT = 64; // requests at once in a replica without a script: it is safe with threads and batches them

export function Fields({ ws, form, onForm, endpoints, isModelFixed, isEndpointFixed, isRetry }: FieldsProps) {
  const t = useTexts(deployTexts);
  const set = (changes: Partial<DeployForm>) => onForm({ ...form, ...changes });
  const nameError = (name: string) => (name && !NAME.test(name) ? t("badName") : undefined);
  const names = [...new Set([...endpoints.map((one) => one.name ?? ""), ...(form.endpoint ? [form.endpoint] : [])])];
  useFlavors(ws, form, set);
  const taken = useTaken(ws, form.endpoint);
  const isThere = taken.includes(form.deployment);
  useEffect(() => {
    if (isThere && !isRetry) set({ deployment: freeName(taken) });
    // Only when another endpoint is chosen: afterwards the name is the user's.
  }, [form.endpoint, taken.join()]);
  return (
    <>
      {form.source ? (
        <TextInput
          label={t("newModel")}
          description={t("newModelHint")}
          value={form.newModel}
          error={form.newModel && !MODEL_NAME.test(form.newModel) ? t("badModelName") : undefined}
          onChange={(event) => {
            const newModel = event.currentTarget.value;
            // The endpoint is called after the model until somebody calls it otherwise.
            const isOwn = form.newEndpoint.startsWith(endpointName(form.newModel));
            set({ newModel, ...(isOwn ? { newEndpoint: freeEndpoint(newModel, endpoints) } : {}) });
          }}
          required
        />
      ) : null}
      {isModelFixed ? null : <ModelField ws={ws} form={form} onForm={onForm} endpoints={endpoints} />}
      <div className={classes.two}>
        {isEndpointFixed ? (
          <TextInput label={t("endpoint")} value={form.endpoint} disabled />
        ) : (
          <Select
            label={t("endpoint")}
            data={[{ value: NEW, label: t("newEndpoint") }, ...names.map((name) => ({ value: name, label: name }))]}
            value={form.endpoint || NEW}
            allowDeselect={false}
            onChange={(value) => {
              const endpoint = !value || value === NEW ? "" : value;
              const isServed = Object.values(endpoints.find((one) => one.name === endpoint)?.traffic ?? {}).some((share) => share > 0);
              set({ endpoint, traffic: isServed ? "none" : "all" });
            }}
          />
        )}
        {form.endpoint ? null : (
          <TextInput label={t("endpointName")} value={form.newEndpoint} error={isTaken(form.newEndpoint, endpoints) ? t("endpointTaken") : nameError(form.newEndpoint)} onChange={(event) => set({ newEndpoint: event.currentTarget.value })} required />
        )}
      </div>
      <div className={classes.two}>
        <TextInput label={t("deployment")} description={isThere ? t("replaces") : undefined} value={form.deployment} error={nameError(form.deployment)} onChange={(event) => set({ deployment: event.currentTarget.value })} required />
        <div className={classes.two}>
          <NumberInput size="xs" label={t("instances")} min={1} max={64} value={form.instances} onChange={(value) => set({ instances: Number(value) || 1 })} />
          <NumberInput size="xs" label={t("concurrent")} min={1} max={10000} value={form.concurrent} onChange={(value) => set({ concurrent: Number(value) || 1 })} />
        </div>
      </div>
      {form.modelType === "mlflow_model" ? <Switch label={t("ownScript")} description={t("ownScriptHint")} checked={form.hasScript} onChange={(event) => set({ hasScript: event.currentTarget.checked })} /> : null}
      {needsScript(form) ? <ScriptFields ws={ws} form={form} onForm={onForm} /> : null}
      <div>
        <span style={{ fontSize: "0.75rem", fontWeight: "var(--mantine-font-weight-medium)" as never, display: "block", marginBottom: 2 }}>{t("traffic")}</span>
        <SegmentedControl
          fullWidth
          aria-label={t("traffic")}
          value={form.traffic}
          onChange={(traffic) => set({ traffic: traffic as DeployForm["traffic"] })}
          data={[
            { value: "all", label: t("trafficAll") },
            { value: "none", label: t("trafficNone") },
          ]}
        />
      </div>
    </>
  );
}

/** Whatever type it was registered with: a model in MLflow's form serves without code. */
function useFlavors(ws: string, form: DeployForm, set: (changes: Partial<DeployForm>) => void): void {
  const [name = "", version = ""] = form.model.split(":");
  const details = useQuery({ ...modelDetailsQuery(ws, name, version), enabled: version !== "" });
  const isMlflow = details.data?.flavors.includes("python_function") ?? false;
  useEffect(() => {
    if (isMlflow && form.modelType !== "mlflow_model") set({ modelType: "mlflow_model", concurrent: CONCURRENT });
  }, [isMlflow, form.modelType, form.model]);
}

function useTaken(ws: string, endpoint: string): string[] {
  const { data } = useQuery({ ...deploymentsQuery(ws, endpoint), enabled: endpoint !== "" });
  return endpoint ? (data ?? []).map((one) => one.name ?? "") : [];
}

function ModelField({ ws, form, onForm, endpoints }: Pick<FieldsProps, "ws" | "form" | "onForm" | "endpoints">) {
  const t = useTexts(deployTexts);
  const [words, setWords] = useState("");
  const found = useQuery({
    queryKey: [...keys.assets(ws, "model"), "choice", words],
    queryFn: () => assetRows(ws, "model", { search: words.split(":")[0] ?? "", limit: 50 }),
    placeholderData: (before) => before,
  });
  const rows = found.data?.items ?? [];
  const choices = rows.map((one) => `${one.name}:${one.latest_version}`);
  return (
    <Select
      label={t("model")}
      searchable
      data={form.model && !choices.includes(form.model) ? [form.model, ...choices] : choices}
      value={form.model || null}
      searchValue={words}
      onSearchChange={setWords}
      nothingFoundMessage={t("noModel")}
      required
      onChange={(value) => {
        const row = rows.find((one) => `${one.name}:${one.latest_version}` === value);
        const isMlflow = row?.type === "mlflow_model";
        onForm({
          ...form,
          model: value ?? "",
          modelType: row?.type ?? form.modelType,
          concurrent: isMlflow ? CONCURRENT : 1,
          newEndpoint: form.newEndpoint || freeEndpoint(row?.name ?? "", endpoints),
        });
      }}
    />
  );
}

function ScriptFields({ ws, form, onForm }: Pick<FieldsProps, "ws" | "form" | "onForm">) {
  const t = useTexts(deployTexts);
  const set = (changes: Partial<DeployForm>) => onForm({ ...form, ...changes });
  const environments = useQuery(environmentsQuery(ws));
  const [scripts, setScripts] = useState<string[]>([]);
  return (
    <div className={classes.script}>
      <Autocomplete
        size="xs"
        label={t("environment")}
        description={t("environmentHint")}
        data={(environments.data ?? []).map((one) => `${one.name}@latest`)}
        value={form.environment}
        onChange={(environment) => set({ environment })}
        required
      />
      <SegmentedControl
        aria-label={t("script")}
        value={form.scriptFrom}
        onChange={(scriptFrom) => set({ scriptFrom: scriptFrom as DeployForm["scriptFrom"] })}
        data={[
          { value: "editor", label: t("scriptHere") },
          { value: "upload", label: t("scriptUpload") },
        ]}
      />
      {form.scriptFrom === "editor" ? (
        <CodeEditor label={t("script")} language="python" value={form.script} onChange={(script) => set({ script })} height={260} />
      ) : (
        <>
          <UploadDrop
            ws={ws}
            onSent={(sent, files) => {
              const isFolder = files.every((one) => one.path.includes("/"));
              const code = isFolder ? sent.reference : `azureml:trees/${sent.tree}`;
              const inside = files.map((one) => (isFolder ? one.path.split("/").slice(1).join("/") : one.path)).filter((path) => path.endsWith(".py"));
              setScripts(inside);
              set({ code, scriptName: inside.find((path) => /score/.test(path)) ?? inside[0] ?? "" });
            }}
          />
          <Select label={t("scriptName")} data={scripts} value={form.scriptName || null} onChange={(value) => set({ scriptName: value ?? "" })} disabled={!scripts.length} />
        </>
      )}
    </div>
  );
}
