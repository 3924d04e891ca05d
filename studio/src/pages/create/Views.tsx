// The job as YAML that can be written in, as command line, as script; below it, what is still wrong.
import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { CodeEditor } from "@/parts/CodeEditor";
import { CopyButton } from "@/parts/CopyId";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { useUrlState } from "@/parts/urlState";
import classes from "./Create.module.css";
import { MISSING } from "./document";
import { createTexts } from "./texts";
import type { Draft } from "./useDraft";

export function Views({ draft }: { draft: Draft }) {
  const t = useTexts(createTexts);
  const words = useServerWords();
  const [search, change] = useUrlState();
  const form = search.as === "cli" || search.as === "sdk" ? search.as : "yaml";
  // What is missing stands on no line.
  const marks = useMemo(
    () => draft.problems.flatMap((one) => (one.message === MISSING ? [] : [{ ...one, message: words.say(one.message) }])),
    [draft.problems, words],
  );
  const text = form === "yaml" ? draft.yaml : (draft[form] ?? `# ${t("notYet")}`);
  return (
    <aside className={classes.side} aria-label={t("asText")}>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label={t("asText")}
          value={form}
          onChange={(next) => change({ as: next === "yaml" ? undefined : next })}
          data={[
            { value: "yaml", label: "YAML" },
            { value: "cli", label: "CLI" },
            { value: "sdk", label: "Python" },
          ]}
        />
        <CopyButton value={text} />
      </div>
      <div className={classes.editor}>
        {form === "yaml" ? (
          <CodeEditor key="yaml" label={t("yaml")} language="yaml" height="100%" value={text} onChange={draft.setYaml} marks={draft.isPending ? undefined : marks} />
        ) : (
          <CodeEditor key={form} label={form === "cli" ? "CLI" : "Python"} language={form === "sdk" ? "python" : "text"} height="100%" value={text} />
        )}
      </div>
      <Problems draft={draft} />
    </aside>
  );
}

function Problems({ draft }: { draft: Draft }) {
  const t = useTexts(createTexts);
  const words = useServerWords();
  if (draft.error) return <ErrorNote error={draft.error} />;
  if (!draft.problems.length)
    return (
      <div className={classes.problems} role="status">
        <p className={classes.ready} data-good={draft.isPending ? undefined : true}>
          {draft.isPending ? t("checking") : <><Icon name="check" size={14} /> {t("ready")}</>}
        </p>
      </div>
    );
  return (
    <div className={classes.problems} role="status" aria-label={t("problems")} tabIndex={0}>
      <ul>
        {draft.problems.map((one, index) => (
          <li key={index}>
            <code>
              {one.path || t("whole")}
              {one.line === undefined || one.message === MISSING ? "" : ` · ${t("line", { line: one.line })}`}
            </code>
            <span>{one.message === MISSING ? t("needed") : words.say(one.message)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
