// Begins with the choices of another job (`?from=JOB`), once; what was begun before is not replaced without asking.
import { useEffect, useRef, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Dialog } from "@/parts/Dialog";
import { ErrorNote } from "@/parts/ErrorNote";
import { useUrlState } from "@/parts/urlState";
import { formerJob } from "../create/formerJob";
import { wizardOf } from "./former";
import { automlTexts } from "./texts";
import { isBegun, type Wizard } from "./wizard";

interface FormerJobProps {
  ws: string;
  w: Wizard;
  onChoices(next: Wizard): void;
}

export function FormerJob({ ws, w, onChoices }: FormerJobProps) {
  const t = useTexts(automlTexts);
  const [{ from }, setSearch] = useUrlState();
  const [error, setError] = useState<unknown>(null);
  const [waiting, setWaiting] = useState<{ job: string; choices: Wizard } | null>(null);
  const now = useRef(w);
  now.current = w;
  const done = () => {
    setWaiting(null);
    setSearch({ from: undefined });
  };
  useEffect(() => {
    if (!from) return undefined;
    let isOver = false;
    void formerJob(ws, from).then(
      (job) => {
        if (isOver) return;
        const choices = wizardOf(job);
        if (isBegun(now.current)) return setWaiting({ job: from, choices });
        onChoices(choices);
        return setSearch({ from: undefined });
      },
      (reason: unknown) => setError(reason),
    );
    return () => {
      isOver = true;
    };
  }, [ws, from, onChoices, setSearch]);
  if (waiting)
    return (
      <Dialog
        title={t("replaceDraft")}
        action={t("replaceIt")}
        isReady
        onClose={done}
        onSubmit={async () => {
          onChoices(waiting.choices);
        }}
      >
        <p style={{ margin: 0, lineHeight: 1.5 }}>{t("replaceDraftText", { job: waiting.job, draft: w.name.trim() || w.data?.name || t("unnamed") })}</p>
      </Dialog>
    );
  return error ? <ErrorNote error={error} /> : null;
}
