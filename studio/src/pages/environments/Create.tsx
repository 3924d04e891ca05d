// Creates an environment, or its next version: from a conda file, a requirements.txt, or an image that is known here.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { Dialog } from "@/parts/Dialog";
import { Icon } from "@/parts/Icon";
import { CONDA, condaOf, isConda, nameIn, REQUIREMENTS } from "./conda";
import { environmentsTexts } from "./texts";

type Form = "conda" | "requirements" | "image";

interface CreateProps {
  ws: string;
  /** For a next version: which environment, and what its last one says. */
  name?: string;
  conda?: string;
  onClose(): void;
}

export function CreateEnvironment({ ws, name: known, conda, onClose }: CreateProps) {
  const t = useTexts(environmentsTexts);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(known ?? "");
  const [form, setForm] = useState<Form>("conda");
  const [text, setText] = useState({ conda: conda ?? CONDA, requirements: REQUIREMENTS });
  const [python, setPython] = useState("3.11");
  const [image, setImage] = useState("");
  const [description, setDescription] = useState("");
  const file = useRef<HTMLInputElement>(null);
  const create = async () => {
    const conda_file = form === "conda" ? text.conda : form === "requirements" ? condaOf(text.requirements, python) : undefined;
    const body = { ...(conda_file ? { conda_file } : {}), ...(image ? { image } : {}), ...(description ? { description } : {}) };
    const made = await send<Schemas["Environment"]>("POST", inWorkspace(ws, "environments", name), body);
    await queries.invalidateQueries({ queryKey: keys.assets(ws, "environment") });
    notifications.show({ message: t("made", { name, version: made.version ?? "" }) });
    setTimeout(() => void navigate({ to: "/workspaces/$ws/environments/$name/$version", params: { ws, name, version: made.version ?? "1" } }));
  };
  const take = async (chosen: File) => {
    const content = await chosen.text();
    const kind = isConda(content) ? "conda" : "requirements";
    setForm(kind);
    setText((before) => ({ ...before, [kind]: content }));
    if (!name) setName(nameIn(content));
  };
  const isReady = Boolean(name) && (form !== "image" || Boolean(image));
  return (
    <Dialog title={known ? t("nextTitle", { name: known }) : t("create")} action={t("make")} size="lg" isReady={isReady} onClose={onClose} onSubmit={create}>
      <TextInput label={t("nameHead")} value={name} onChange={(event) => setName(event.currentTarget.value)} disabled={known !== undefined} data-autofocus autoComplete="off" required />
      <div style={{ display: "flex", gap: 10, alignItems: "end", flexWrap: "wrap" }}>
        <SegmentedControl
          aria-label={t("from")}
          value={form}
          onChange={(value) => setForm(value as Form)}
          data={[
            { value: "conda", label: t("fromConda") },
            { value: "requirements", label: t("fromRequirements") },
            { value: "image", label: t("fromImage") },
          ]}
        />
        {form === "image" ? null : (
          <Button variant="default" leftSection={<Icon name="upload" size={14} />} onClick={() => file.current?.click()}>
            {t("upload")}
          </Button>
        )}
        {form === "requirements" ? <TextInput label={t("python")} w={110} value={python} onChange={(event) => setPython(event.currentTarget.value)} /> : null}
        <input
          ref={file}
          type="file"
          hidden
          aria-label={t("upload")}
          accept=".yml,.yaml,.txt"
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            if (chosen) void take(chosen);
            event.target.value = "";
          }}
        />
      </div>
      {form === "image" ? (
        <p className="faint">{t("imageHint")}</p>
      ) : (
        <CodeEditor key={form} label={t(form === "conda" ? "fromConda" : "fromRequirements")} language={form === "conda" ? "yaml" : "text"} value={text[form]} onChange={(value) => setText((before) => ({ ...before, [form]: value }))} height={260} />
      )}
      <TextInput label={t("image")} description={form === "image" ? undefined : t("imageOptional")} value={image} onChange={(event) => setImage(event.currentTarget.value)} required={form === "image"} />
      <TextInput label={t("descriptionHead")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
    </Dialog>
  );
}
