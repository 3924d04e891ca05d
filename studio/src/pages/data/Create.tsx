// A new data asset, or a new version of one: from files, a folder or an address.
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, SegmentedControl, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { LocalFile } from "@/api/uploads";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { CodeSamples } from "@/parts/CodeSamples";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { UploadDrop } from "@/parts/UploadDrop";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import classes from "./Create.module.css";
import { nameOf, sizeOf, typeOf, typeOfAddress } from "./newData";
import { samplesOfCreating } from "./samples";
import { dataTexts } from "./texts";

export default function CreateDataPage() {
  const t = useTexts(dataTexts);
  const formats = useFormats();
  const ws = useWorkspace();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const isAddress = search.source === "address";
  const [files, setFiles] = useState<readonly LocalFile[]>([]);
  const [path, setPath] = useState("");
  const [name, setName] = useState(search.name ?? "");
  const [version, setVersion] = useState("");
  const [type, setType] = useState<string>("uri_file");
  const [description, setDescription] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const tagMap = Object.fromEntries(tags.map((one) => [one.split(/[=:]/)[0]!.trim(), one.split(/[=:]/).slice(1).join("=").trim()]));
  const wrong = problemsOf(error);
  const words = useServerWords();
  const errorOf = (field: string) => {
    const found = wrong.find((one) => one.path === field || one.path.startsWith(`${field}.`));
    return found && words.say(found.message);
  };
  const create = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const body = { type, path, ...(description ? { description } : {}), ...(tags.length ? { tags: tagMap } : {}) };
    try {
      const made = version
        ? await send<{ version: string }>("PUT", inWorkspace(ws, "data", name, "versions", version), body)
        : await send<{ version: string }>("POST", inWorkspace(ws, "data", name), body);
      await navigate({ to: "/workspaces/$ws/data/$name/$version", params: { ws, name, version: made.version }, search: {} });
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  const forget = () => {
    setFiles([]);
    setPath("");
  };
  const sample = {
    name: name || "heart",
    type,
    path: isAddress ? path || "https://example.org/heart.csv" : files.length ? `./${(files[0]!.path.split("/")[0] ?? "")}` : "./heart.csv",
    ...(version ? { version } : {}),
    ...(description ? { description } : {}),
    ...(tags.length ? { tags: tagMap } : {}),
  };
  return (
    <Page
      title={search.name ? t("newVersionOf", { name: search.name }) : t("create")}
      above={[
        <Link key="data" to="/workspaces/$ws/data" params={{ ws }} search={{}}>
          {t("title")}
        </Link>,
      ]}
    >
      <div className={classes.split}>
        <form className={`panel ${classes.form}`} onSubmit={(event) => void create(event)} aria-label={t("create")}>
          <SegmentedControl
            aria-label={t("source")}
            style={{ justifySelf: "start" }}
            value={isAddress ? "address" : "upload"}
            onChange={(next) => {
              forget();
              change({ source: next === "address" ? "address" : undefined });
            }}
            data={[
              { value: "upload", label: t("fromFiles") },
              { value: "address", label: t("fromAddress") },
            ]}
          />
          {isAddress ? (
            <TextInput
              label={t("address")}
              description={t("addressText")}
              placeholder="https://example.org/heart.csv"
              value={path}
              error={errorOf("path")}
              onChange={(event) => {
                setPath(event.currentTarget.value);
                setType(typeOfAddress(event.currentTarget.value));
              }}
            />
          ) : files.length ? (
            <div className={classes.sent}>
              <Icon name={type === "uri_file" ? "file" : "folder"} />
              <span className="cut">
                {files.length === 1 ? files[0]!.path : (files[0]!.path.split("/")[0] ?? "")} <span className="faint">· {t("filesOf", { count: files.length })} · {formats.bytes(sizeOf(files))}</span>
              </span>
              <Button variant="default" size="compact-xs" onClick={forget}>
                {t("otherFiles")}
              </Button>
            </div>
          ) : (
            <UploadDrop
              ws={ws}
              onSent={(sent, dropped) => {
                setFiles(dropped);
                setPath(sent.reference);
                setType(typeOf(dropped));
                setName((before) => before || nameOf(dropped));
              }}
            />
          )}
          <div className={classes.two}>
            <TextInput label={t("nameHead")} value={name} error={errorOf("name")} onChange={(event) => setName(event.currentTarget.value)} />
            <TextInput label={t("versionHead")} placeholder={t("nextVersion")} value={version} error={errorOf("version")} onChange={(event) => setVersion(event.currentTarget.value)} />
          </div>
          <Select
            label={t("typeHead")}
            data={[
              { value: "uri_file", label: t("uriFile") },
              { value: "uri_folder", label: t("uriFolder") },
              { value: "mltable", label: t("mltable") },
            ]}
            value={type}
            allowDeselect={false}
            error={errorOf("type")}
            onChange={(next) => next && setType(next)}
          />
          <Textarea label={t("descriptionHead")} autosize minRows={2} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
          <TagsInput size="xs" label={t("tagsHead")} placeholder={tags.length ? "" : "source=clinic"} value={tags} onChange={setTags} />
          {error && !wrong.some((one) => ["path", "name", "version", "type"].includes(one.path)) ? <ErrorNote error={error} /> : null}
          <div className={classes.end}>
            <Button type="submit" loading={isBusy} disabled={!path || !name}>
              {t("createIt")}
            </Button>
          </div>
        </form>
        <aside className={classes.side} aria-label={t("sameAs")}>
          <h2>{t("sameAs")}</h2>
          <CodeSamples samples={samplesOfCreating(ws, sample)} />
        </aside>
      </div>
    </Page>
  );
}

function problemsOf(reason: unknown): { path: string; message: string }[] {
  const found = reason instanceof ApiError ? reason.details.problems : undefined;
  return Array.isArray(found) ? (found as { path: string; message: string }[]) : [];
}
