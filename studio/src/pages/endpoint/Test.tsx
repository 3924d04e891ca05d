// Sends a request to a deployment and shows the answer: body from its sample, or from files that are dropped.
import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
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
import { DropZone, FilePicker } from "./RequestFiles";
import { RequestImage } from "./RequestImage";
import { imagesOf, lengthened, shortened } from "./requestImages";
import { sampleQuery } from "./sample";
import { base64Of, bodyOfImages, bodyOfTable, isText, jsonProblem, plainBody } from "./testBody";
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
  const [refused, setRefused] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const sent = useHistory(ws, name);
  const [shown, setShown] = useState<Sent | null>(null);
  const text = body ?? sample ?? plainBody(Boolean(deployments.find((one) => one.name === asked)?.code_configuration));
  const problem = useMemo(() => jsonProblem(text), [text]);
  const images = useMemo(() => imagesOf(text), [text]);
  const short = useMemo(() => shortened(text), [text]);
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
  const take = async (files: readonly File[]) => {
    setRefused(null);
    const pictures = files.filter((one) => one.type.startsWith("image/"));
    if (pictures.length) return setBody(bodyOfImages(await Promise.all(pictures.map(base64Of)), sample));
    const [file] = files;
    if (!file) return undefined;
    const content = await file.text();
    if (!isText(content)) return setRefused(file.name);
    return setBody(previewOf(file.name) === "table" ? bodyOfTable(content, sample) : content);
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
            <FilePicker onFiles={(files) => void take(files)} />
            {body === null ? null : (
              <Button variant="default" onClick={() => setBody(null)}>
                {t("sampleAgain")}
              </Button>
            )}
          </div>
          <DropZone onFiles={(files) => void take(files)}>
            <CodeEditor label={t("body")} language="json" value={short.text} onChange={(edited) => setBody(lengthened(edited, short.whole))} height={images.length ? 190 : 300} />
          </DropZone>
          {refused ? <p role="alert">{t("refusedFile", { name: refused })}</p> : null}
          {images.length ? (
            <div className={classes.thumbs}>
              {images.map((address, index) => (
                <RequestImage key={index} address={address} number={index + 1} />
              ))}
            </div>
          ) : null}
          <p className="faint">{problem ? t("notJson", { problem }) : body !== null ? t("dropMore") : sample === undefined ? t("noSample") : t("dropHint")}</p>
          <div style={{ display: "flex", justifyContent: "flex-end" }}>
            <Button leftSection={<Icon name="play" size={14} />} loading={isBusy} disabled={!deployments.length || problem !== null} onClick={() => void send()}>
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
          }}
        />
      </div>
      <Panel title={t("answer")}>
        {error ? <ErrorNote error={error} /> : null}
        {last ? <Answer key={last.at} answer={last.answer} request={last.body} /> : error ? null : <p style={{ padding: 14 }} className="faint">{t("noAnswer")}</p>}
      </Panel>
    </div>
  );
}
