// Registers a folder of a job's files as a model: which folder, under which name, of which type.
import { Button, Modal, NativeSelect, Select, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { partTexts } from "@/parts/texts";
import { filesQuery } from "./job";
import classes from "./Job.module.css";
import { modelChoices, modelName } from "./modelChoices";
import { jobTexts } from "./texts";

interface RegisterModelProps {
  ws: string;
  /** The job whose files are meant: of a sweep, its best trial. */
  job: string;
  /** What the model is called unless somebody says otherwise; else as its folder. */
  name?: string;
  onClose(): void;
}

export default function RegisterModel({ ws, job, name, onClose }: RegisterModelProps) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const { data: files, error } = useQuery(filesQuery(ws, job));
  return (
    <Modal opened onClose={onClose} title={t("register")} closeButtonProps={{ "aria-label": parts("close") }}>
      {error ? <ErrorNote error={error} /> : null}
      {files ? <Form key={files.length ? "some" : "none"} ws={ws} job={job} {...(name ? { name } : {})} choices={modelChoices(files)} onClose={onClose} /> : null}
    </Modal>
  );
}

function Form({ ws, job, name: given, choices, onClose }: RegisterModelProps & { choices: ReturnType<typeof modelChoices> }) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const navigate = useNavigate();
  const [folder, setFolder] = useState(choices[0]?.folder ?? "");
  const [name, setName] = useState(given ?? modelName(choices[0]?.folder ?? ""));
  const [type, setType] = useState<string>(choices[0]?.type ?? "custom_model");
  const [description, setDescription] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!choices.length) return <p className="faint">{t("noFolders")}</p>;
  const isNameGood = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
  const choose = (next: string) => {
    if (name === modelName(folder)) setName(modelName(next));
    setFolder(next);
    setType(choices.find((one) => one.folder === next)?.type ?? "custom_model");
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isNameGood) return;
    setBusy(true);
    setError(null);
    try {
      const path = `azureml://jobs/${job}/outputs/artifacts/paths/${folder}/`;
      const made = await send<{ name: string; version: string }>("POST", inWorkspace(ws, "models"), { name, path, type, ...(description ? { description } : {}) });
      const place = `/workspaces/${encodeURIComponent(ws)}/models/${encodeURIComponent(made.name)}/${made.version}`;
      // Notices are drawn outside of the router: a Link would find none there.
      notifications.show({
        message: (
          <>
            {t("registered", { name: made.name, version: String(made.version) })}{" "}
            <a
              href={place}
              onClick={(event) => {
                event.preventDefault();
                void navigate({ to: place });
              }}
            >
              {t("seeModel")}
            </a>
          </>
        ),
        autoClose: 10_000,
      });
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      <p className="faint">{t("registerText")}</p>
      <Select label={t("folder")} data={choices.map((one) => ({ value: one.folder, label: one.type === "mlflow_model" ? `${one.folder} (${t("mlflowModel")})` : one.folder }))} value={folder} onChange={(value) => value && choose(value)} allowDeselect={false} searchable={choices.length > 8} />
      <TextInput label={t("modelName")} value={name} onChange={(event) => setName(event.currentTarget.value)} error={name && !isNameGood ? t("badName") : undefined} data-autofocus required />
      <NativeSelect
        label={t("modelType")}
        size="xs"
        value={type}
        onChange={(event) => setType(event.currentTarget.value)}
        data={[
          { value: "mlflow_model", label: t("mlflowModel"), disabled: !choices.some((one) => one.folder === folder && one.type === "mlflow_model") },
          { value: "custom_model", label: t("customModel") },
        ]}
      />
      <Textarea label={t("modelDescription")} autosize minRows={2} maxRows={6} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      {error ? <ErrorNote error={error} /> : null}
      <div className={classes.ends}>
        <Button variant="default" onClick={onClose}>
          {parts("cancel")}
        </Button>
        <Button type="submit" loading={isBusy} disabled={!isNameGood}>
          {t("register")}
        </Button>
      </div>
    </form>
  );
}
