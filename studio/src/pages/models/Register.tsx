// Registers a model from files of this computer, from a job's output or from a path that the server can read.
import { Select, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { Dialog } from "@/parts/Dialog";
import { UploadDrop } from "@/parts/UploadDrop";
import { plainLetters } from "@/parts/plainLetters";
import { modelsTexts } from "./texts";

export const MODEL_TYPES = ["mlflow_model", "custom_model", "triton_model"] as const;

/** Without a `name` a new model; else the next version of one. */
export function RegisterModel({ ws, name: known, onClose }: { ws: string; name?: string; onClose(): void }) {
  const t = useTexts(modelsTexts);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(known ?? "");
  const [type, setType] = useState<string>("custom_model");
  const [path, setPath] = useState("");
  const [description, setDescription] = useState("");
  const register = async () => {
    const body = { type, path, ...(description ? { description } : {}) };
    const made = await send<Schemas["Model"]>("POST", inWorkspace(ws, "models", name), body);
    await queries.invalidateQueries({ queryKey: keys.assets(ws, "model") });
    notifications.show({ message: t("registered", { name, version: made.version ?? "" }) });
    // After the dialog has closed, which takes its word out of the address.
    setTimeout(() => void navigate({ to: "/workspaces/$ws/models/$name/$version", params: { ws, name, version: made.version ?? "1" } }));
  };
  return (
    <Dialog title={known ? t("registerNext", { name: known }) : t("register")} action={t("register")} size="lg" isReady={Boolean(name && path)} onClose={onClose} onSubmit={register}>
      <UploadDrop
        ws={ws}
        onSent={(sent, files) => {
          setPath(sent.reference);
          if (files.some((one) => one.path.split("/").at(-1) === "MLmodel")) setType("mlflow_model");
          if (!name) setName(plainLetters(files[0]?.path.split("/")[0] ?? "").replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9_-]+/g, "-"));
        }}
      />
      <TextInput label={t("pathLabel")} description={t("pathHint")} value={path} onChange={(event) => setPath(event.currentTarget.value)} required />
      <div style={{ display: "grid", gridTemplateColumns: "1fr 200px", gap: 12 }}>
        <TextInput label={t("nameLabel")} value={name} onChange={(event) => setName(event.currentTarget.value)} disabled={known !== undefined} required />
        <Select label={t("typeHead")} data={[...MODEL_TYPES]} value={type} onChange={(value) => setType(value ?? "custom_model")} allowDeselect={false} />
      </div>
      <Textarea label={t("descriptionHead")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
    </Dialog>
  );
}
