// The answer to a test request: status, time, headers, and the body as a person reads it.
import { useMemo } from "react";
import { useFormats } from "@/i18n/formats";
import type { Schemas } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { CopyButton } from "@/parts/CopyId";
import classes from "./Endpoint.module.css";
import { Probabilities } from "./Probabilities";
import { probabilitiesOf } from "./probabilities";
import { imagesOf } from "./requestImages";
import { formatted } from "./testBody";
import { endpointTexts } from "./texts";

const LINE = 19; // pixels of a line in the editor

export function Answer({ answer, request }: { answer: Schemas["Invocation"]; request: string }) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  const type = Object.entries(answer.headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const { text, isJson } = answer.base64 ? { text: answer.body, isJson: false } : formatted(answer.body);
  const isBad = answer.status >= 400;
  const judged = useMemo(() => (isBad || answer.base64 ? null : probabilitiesOf(answer.body)), [answer, isBad]);
  const images = useMemo(() => (judged ? imagesOf(request) : []), [judged, request]);
  return (
    <div style={{ display: "grid", gap: 12, padding: 14 }}>
      <div className={classes.answered} role="status">
        <span className={classes.status} data-bad={isBad || undefined}>
          {answer.status}
        </span>
        <span>{`${formats.value(Math.round(answer.ms * 10) / 10)} ms`}</span>
        {answer.deployment ? <span className="faint">{t("answeredBy", { name: answer.deployment })}</span> : null}
        <span style={{ marginLeft: "auto" }}>
          <CopyButton value={answer.body} />
        </span>
      </div>
      {judged ? <Probabilities rows={judged} images={images} /> : null}
      {answer.base64 && type.startsWith("image/") ? (
        <img src={`data:${type};base64,${answer.body}`} alt={t("answer")} style={{ maxWidth: "100%" }} />
      ) : text === "" ? (
        <p className="faint">{t("emptyAnswer")}</p>
      ) : (
        <CodeEditor label={t("answer")} language={isJson ? "json" : "text"} value={text} height={Math.min(Math.max(text.split("\n").length * LINE + 24, 90), 380)} />
      )}
      {answer.truncated ? <p className="faint">{t("truncated")}</p> : null}
      <details>
        <summary className="faint">{t("headers", { count: Object.keys(answer.headers).length })}</summary>
        <dl style={{ display: "grid", gridTemplateColumns: "minmax(120px, auto) 1fr", gap: "4px 14px", margin: "8px 0 0" }}>
          {Object.entries(answer.headers).map(([name, value]) => (
            <div key={name} style={{ display: "contents" }}>
              <dt className="mono faint">{name}</dt>
              <dd className="mono" style={{ margin: 0, overflowWrap: "anywhere" }}>
                {value}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </div>
  );
}
