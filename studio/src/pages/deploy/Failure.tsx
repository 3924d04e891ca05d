// Why a deployment failed, as a person can mend it: the message, the line of the script, the way there.
import { Alert } from "@mantine/core";
import type { Deployment } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { Icon } from "@/parts/Icon";
import classes from "./Deploy.module.css";
import { deployTexts } from "./texts";

export interface FailureFacts {
  code?: string;
  message: string;
  file?: string;
  line?: number;
  trace?: string;
}

/** Return what the error of a deployment says, wherever it says it. */
export function factsOf(error: Deployment["error"]): FailureFacts | null {
  if (!error) return null;
  const document = ((error as { error?: unknown }).error ?? error) as Record<string, unknown>;
  const details = (document.details ?? {}) as Record<string, unknown>;
  const word = (key: string) => document[key] ?? details[key];
  const trace = word("traceback") ?? word("trace") ?? word("log") ?? word("last_lines");
  return {
    // What the script itself said, where the line is told apart; else the whole sentence.
    message: String((details.file ? details.message : undefined) ?? document.message ?? JSON.stringify(document)),
    ...(document.code ? { code: String(document.code) } : {}),
    ...(word("file") ? { file: String(word("file")) } : {}),
    ...(word("line") ? { line: Number(word("line")) } : {}),
    ...(trace ? { trace: Array.isArray(trace) ? trace.join("\n") : String(trace) } : {}),
  };
}

export function Failure({ deployment }: { deployment: Deployment }) {
  const t = useTexts(deployTexts);
  const words = useServerWords();
  const facts = factsOf(deployment.error);
  if (!facts) return null;
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={t("failedTitle", { name: deployment.name ?? "" })} role="alert">
      {facts.file ? <strong>{facts.line ? t("fileLine", { file: facts.file, line: String(facts.line) }) : facts.file}</strong> : null}
      <p style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{words.say(facts.message)}</p>
      {facts.trace ? (
        <pre className={classes.trace} tabIndex={0}>
          {facts.trace}
        </pre>
      ) : null}
      <p className="faint">{t("failedHint")}</p>
    </Alert>
  );
}
