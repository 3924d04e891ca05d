// Gives a job another name to show; its id stays.
import { TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { Dialog } from "@/parts/Dialog";
import type { JobFacts } from "./job";
import { jobTexts } from "./texts";

export function Rename({ ws, name, job, onClose }: JobFacts & { onClose(): void }) {
  const t = useTexts(jobTexts);
  const queries = useQueryClient();
  const [shown, setShown] = useState(job.display_name ?? name);
  const save = async () => {
    await send("PATCH", inWorkspace(ws, "jobs", name), { display_name: shown.trim() });
    await queries.invalidateQueries({ queryKey: keys.job(ws, name) });
  };
  return (
    <Dialog title={t("renameTitle")} action={t("save")} isReady={Boolean(shown.trim())} onClose={onClose} onSubmit={save}>
      <TextInput label={t("shownName")} description={t("shownNameHint", { name })} value={shown} onChange={(event) => setShown(event.currentTarget.value)} data-autofocus />
    </Dialog>
  );
}
