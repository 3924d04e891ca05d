// What may change of a registered version: description, tags, stage.
import { Autocomplete, Textarea } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { Dialog } from "@/parts/Dialog";
import { rowsOfTags, TagFields, tagsOfRows } from "@/parts/TagFields";
import type { Model } from ".";
import { modelTexts } from "./texts";

const STAGES = ["Development", "Staging", "Production", "Archived"];

export function Describe({ ws, model, onClose }: { ws: string; model: Model; onClose(): void }) {
  const t = useTexts(modelTexts);
  const queries = useQueryClient();
  const [description, setDescription] = useState(model.description ?? "");
  const [stage, setStage] = useState(model.stage ?? "");
  const [rows, setRows] = useState(() => rowsOfTags(model.tags));
  const save = async () => {
    const { name, version, type, path, properties } = model;
    const body = { name, version, type, path, properties, description, tags: tagsOfRows(rows), ...(stage ? { stage } : {}) };
    await send("PUT", inWorkspace(ws, "models", name ?? "", "versions", version ?? ""), body);
    await queries.invalidateQueries({ queryKey: keys.assets(ws, "model") });
  };
  return (
    <Dialog title={t("describeTitle", { name: `${model.name}:${model.version}` })} action={t("save")} isReady onClose={onClose} onSubmit={save}>
      <Textarea label={t("description")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} autosize minRows={2} maxRows={8} data-autofocus />
      <Autocomplete size="xs" label={t("stage")} data={STAGES} value={stage} onChange={setStage} />
      <TagFields rows={rows} onRows={setRows} />
    </Dialog>
  );
}
