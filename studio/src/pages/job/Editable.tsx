// What people write about a job: its description and its tags.
import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import classes from "./Job.module.css";
import type { JobFacts } from "./job";
import { jobTexts } from "./texts";

/** Return what changes a job, and why it could not. */
function useChange({ ws, name }: Pick<JobFacts, "ws" | "name">) {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const change = async (changes: Record<string, unknown>) => {
    setError(null);
    try {
      await send("PATCH", inWorkspace(ws, "jobs", name), changes);
      await queries.invalidateQueries({ queryKey: keys.job(ws, name) });
      return true;
    } catch (reason) {
      setError(reason);
      return false;
    }
  };
  return { change, error };
}

export function Description(props: JobFacts) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const { change, error } = useChange(props);
  const [text, setText] = useState<string | null>(null);
  const written = props.job.description ?? "";
  const save = async () => {
    if (await change({ description: text ?? "" })) setText(null);
  };
  return (
    <section className="panel" aria-label={t("description")}>
      <header>
        <h2>{t("description")}</h2>
        {text === null ? (
          <Button variant="subtle" size="compact-xs" onClick={() => setText(written)}>
            {t("edit")}
          </Button>
        ) : null}
      </header>
      {error ? <ErrorNote error={error} /> : null}
      {text === null ? (
        <p className={classes.description} data-empty={!written || undefined}>
          {written || t("noDescription")}
        </p>
      ) : (
        <div className={classes.editor}>
          <Textarea aria-label={t("description")} autosize minRows={3} maxRows={14} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus autoFocus />
          <div>
            <Button variant="default" onClick={() => setText(null)}>
              {parts("cancel")}
            </Button>
            <Button onClick={() => void save()}>{t("save")}</Button>
          </div>
        </div>
      )}
    </section>
  );
}

export function Tags(props: JobFacts) {
  const t = useTexts(jobTexts);
  const { change, error } = useChange(props);
  const [isAdding, setAdding] = useState(false);
  const tags = Object.entries(props.job.tags ?? {});
  return (
    <section className="panel" aria-label={t("tags")}>
      <header>
        <h2>{t("tags")}</h2>
        {isAdding ? null : (
          <Button variant="subtle" size="compact-xs" onClick={() => setAdding(true)}>
            {t("addTag")}
          </Button>
        )}
      </header>
      {error ? <ErrorNote error={error} /> : null}
      <div className={classes.tags}>
        {tags.map(([key, value]) => (
          <span key={key} className={classes.tag} title={`${key}: ${value}`}>
            <span className="faint">{key}</span>
            <span className="cut">{value}</span>
            <ActionIcon size="xs" aria-label={t("removeTag", { name: key })} onClick={() => void change({ tags: { [key]: null } })}>
              <Icon name="close" size={11} />
            </ActionIcon>
          </span>
        ))}
        {tags.length || isAdding ? null : <span className="faint">{t("noTags")}</span>}
      </div>
      {isAdding ? <NewTag onAdd={(key, value) => change({ tags: { [key]: value } })} onClose={() => setAdding(false)} /> : null}
    </section>
  );
}

function NewTag({ onAdd, onClose }: { onAdd(key: string, value: string): Promise<boolean>; onClose(): void }) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() && (await onAdd(key.trim(), value))) onClose();
  };
  return (
    <form className={classes.newTag} onSubmit={(event) => void submit(event)} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <TextInput aria-label={t("tagKey")} placeholder={t("tagKey")} value={key} onChange={(event) => setKey(event.currentTarget.value)} autoFocus />
      <TextInput aria-label={t("tagValue")} placeholder={t("tagValue")} value={value} onChange={(event) => setValue(event.currentTarget.value)} />
      <Button type="submit" disabled={!key.trim()}>
        {t("add")}
      </Button>
      <Button variant="default" onClick={onClose}>
        {parts("cancel")}
      </Button>
    </form>
  );
}
