// Sends a request to a deployment and shows the answer: body from its sample, or from a file that is dropped.
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { inWorkspace, query, raw, type Schemas } from "@/api/client";
import type { Deployment, Endpoint } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { ErrorNote } from "@/parts/ErrorNote";
import { previewOf } from "@/parts/fileKinds";
import { Icon } from "@/parts/Icon";
import { Panel } from "@/parts/Panel";
import { useUrlState } from "@/parts/urlState";
import { Answer } from "./Answer";
import classes from "./Endpoint.module.css";
import { History, remember, type Sent, useHistory } from "./history";
import { sampleQuery } from "./sample";
import { base64Of, bodyOfImage, bodyOfTable, jsonProblem, plainBody } from "./testBody";
import { endpointTexts } from "./texts";

interface TestProps {
  ws: string;
  endpoint: Endpoint;
  deployments: readonly Deployment[];
}

const BY_TRAFFIC = "";

export function Test({ ws, endpoint, deployments }: TestProps) {
  const t = useTexts(endpointTexts);
  const [search, change] = useUrlState();
  const name = endpoint.name ?? "";
  const deployment = deployments.some((one) => one.name === search.deployment) ? (search.deployment ?? "") : BY_TRAFFIC;
  const served = Object.entries(endpoint.traffic ?? {}).find(([, share]) => share > 0)?.[0];
  const asked = deployment || served || deployments[0]?.name || "";
  const found = useQuery(sampleQuery(ws, name, asked));
  const sample = found.data ?? undefined;
  const [body, setBody] = useState<string | null>(null);
  const [picture, setPicture] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const sent = useHistory(ws, name);
  const [shown, setShown] = useState<Sent | null>(null);
  const text = body ?? sample ?? plainBody(Boolean(deployments.find((one) => one.name === asked)?.code_configuration));
  const problem = jsonProblem(text);
  const last = shown ?? sent[0];
  const send = async () => {
    setBusy(true);
    setError(null);
    try {
      const path = `${inWorkspace(ws, "online-endpoints", name, "invoke")}${query({ deployment: deployment || undefined })}`;
      const answer = await raw(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
      const made: Sent = { at: Date.now(), deployment: deployment || t("byTraffic"), body: text, answer: (await answer.json()) as Schemas["Invocation"] };
      remember(ws, name, made);
      setShown(made);
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const take = async (file: File) => {
    setPicture(null);
    const kind = previewOf(file.name);
    if (kind === "table") setBody(bodyOfTable(await file.text(), sample));
    else if (file.type.startsWith("image/")) {
      const bytes = await base64Of(file);
      setPicture(`data:${file.type};base64,${bytes}`);
      setBody(bodyOfImage(bytes, sample));
    } else setBody(await file.text());
  };
  return (
    <div className={classes.split}>
      <div style={{ display: "grid", gap: 14 }}>
        <Panel title={t("request")} isPadded>
          <div className={classes.tools}>
            <Select
              label={t("deployment")}
              w={200}
              allowDeselect={false}
              data={[{ value: BY_TRAFFIC, label: t("byTraffic") }, ...deployments.map((one) => ({ value: one.name ?? "", label: one.name ?? "" }))]}
              value={deployment}
              onChange={(to) => change({ deployment: to || undefined })}
            />
            <FilePicker onFile={(file) => void take(file)} />
            {body === null ? null : (
              <Button
                variant="default"
                onClick={() => {
                  setBody(null);
                  setPicture(null);
                }}
              >
                {t("sampleAgain")}
              </Button>
            )}
          </div>
          <DropZone onFile={(file) => void take(file)}>
            <CodeEditor label={t("body")} language="json" value={text} onChange={setBody} height={300} />
          </DropZone>
          {picture ? <img src={picture} alt={t("droppedImage")} className={classes.thumb} /> : null}
          <p className="faint">{problem ? t("notJson", { problem }) : sample === undefined ? t("noSample") : t("dropHint")}</p>
          <div style={{ display: "flex", justifyContent: "flex-end" }}>
            <Button leftSection={<Icon name="play" size={14} />} loading={isBusy} disabled={!deployments.length} onClick={() => void send()}>
              {t("send")}
            </Button>
          </div>
        </Panel>
        <History
          sent={sent}
          shown={last}
          onShow={(one) => {
            setShown(one);
            setBody(one.body);
            setPicture(null);
          }}
        />
      </div>
      <Panel title={t("answer")}>
        {error ? <ErrorNote error={error} /> : null}
        {last ? <Answer key={last.at} answer={last.answer} /> : error ? null : <p style={{ padding: 14 }} className="faint">{t("noAnswer")}</p>}
      </Panel>
    </div>
  );
}

function FilePicker({ onFile }: { onFile(file: File): void }) {
  const t = useTexts(endpointTexts);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="file" size={14} />} onClick={() => input.current?.click()}>
        {t("chooseFile")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t("chooseFile")}
        accept=".json,.csv,.tsv,image/*"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = "";
        }}
      />
    </>
  );
}

function DropZone({ onFile, children }: { onFile(file: File): void; children: ReactNode }) {
  const [isOver, setOver] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const newest = useRef(onFile);
  newest.current = onFile;
  useEffect(() => {
    // Before the editor sees it: it would insert the file's text where it was dropped.
    const stop = (event: globalThis.DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation();
      setOver(false);
      newest.current(file);
    };
    const element = box.current;
    element?.addEventListener("drop", stop, { capture: true });
    return () => element?.removeEventListener("drop", stop, { capture: true });
  }, []);
  const over = (event: DragEvent, isNow: boolean) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(isNow);
  };
  return (
    <div ref={box} className={classes.drop} data-over={isOver || undefined} onDragOver={(event) => over(event, true)} onDragLeave={(event) => over(event, false)}>
      {children}
    </div>
  );
}

