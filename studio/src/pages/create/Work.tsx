// What runs: the code, the command with its placeholders, the variables of its environment.
import { Button, Select, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { inWorkspace, type Schemas } from "@/api/client";
import { allItems } from "@/api/queries";
import type { LocalFile } from "@/api/uploads";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { UploadDrop } from "@/parts/UploadDrop";
import classes from "./Create.module.css";
import { assetReference, placeholders, workPath } from "./document";
import { Section, useForm } from "./form";
import { Pairs } from "./Pairs";
import { createTexts } from "./texts";

export function Work() {
  const t = useTexts(createTexts);
  const { document } = useForm();
  const base = workPath(document);
  return (
    <Section title={t("work")}>
      <Code />
      <Command />
      <Pairs path={[...base, "environment_variables"]} label={t("variables")} add={t("addVariable")} keyLabel={t("variableName")} valueLabel={t("variableValue")} />
    </Section>
  );
}

function Code() {
  const t = useTexts(createTexts);
  const { ws, document, at, set, errorAt } = useForm();
  const path = [...workPath(document), "code"];
  const code = String(at(path) ?? "");
  const [sent, setSent] = useState<readonly LocalFile[]>([]);
  const { data } = useQuery({ queryKey: ["ws", ws, "codes"], queryFn: () => allItems<Schemas["CodeAsset"]>(inWorkspace(ws, "codes")) });
  const error = errorAt(path) ?? errorAt(["code"]);
  if (code)
    return (
      <div role="group" aria-label={t("code")} style={{ display: "grid", gap: 6 }}>
        <strong className={classes.label}>{t("code")}</strong>
        <div className={classes.sent}>
          <Icon name="folder" />
          <span className="cut">
            {sent.length ? `${sent.slice(0, 4).map((one) => one.path).join(", ")}${sent.length > 4 ? " …" : ""}` : <span className="mono">{code}</span>}
            {sent.length ? <span className="faint"> · {t("files", { count: sent.length })}</span> : null}
          </span>
          <Button
            variant="default"
            size="compact-xs"
            onClick={() => {
              setSent([]);
              set(path, undefined);
            }}
          >
            {t("otherCode")}
          </Button>
        </div>
        {error ? <p className={classes.fault}>{error}</p> : null}
      </div>
    );
  const assets = (data?.items ?? []).flatMap((one) => (one.name && one.version ? [{ value: assetReference(one.name, one.version), label: `${one.name} ${one.version}` }] : []));
  return (
    <div role="group" aria-label={t("code")} style={{ display: "grid", gap: 6 }}>
      <strong className={classes.label}>{t("code")}</strong>
      <UploadDrop
        ws={ws}
        onSent={(tree, files) => {
          setSent(files);
          set(path, tree.reference.includes("/") && files.length === 1 && !files[0]!.path.includes("/") ? `azureml:trees/${tree.tree}` : tree.reference);
        }}
      />
      {assets.length ? <Select aria-label={t("codeAsset")} placeholder={t("codeAsset")} data={assets} searchable value={null} onChange={(next) => next && set(path, next)} /> : null}
      <p className="faint">{t("codeText")}</p>
      {error ? <p className={classes.fault}>{error}</p> : null}
    </div>
  );
}

function Command() {
  const t = useTexts(createTexts);
  const { document, at, set, errorAt } = useForm();
  const path = [...workPath(document), "command"];
  const input = useRef<HTMLTextAreaElement>(null);
  const value = String(at(path) ?? "");
  const offered = placeholders(document);
  const insert = (word: string) => {
    const place = input.current?.selectionStart ?? value.length;
    const before = value.slice(0, place);
    const space = before && !/\s$/.test(before) ? " " : "";
    set(path, `${before}${space}${word}${value.slice(place)}`);
    requestAnimationFrame(() => {
      const end = place + space.length + word.length;
      input.current?.focus();
      input.current?.setSelectionRange(end, end);
    });
  };
  return (
    <div style={{ display: "grid", gap: 6 }}>
      <Textarea
        ref={input}
        label={t("commandLine")}
        placeholder="python train.py --data ${{inputs.data}}"
        autosize
        minRows={2}
        maxRows={12}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        value={value}
        error={errorAt(path)}
        onChange={(event) => set(path, event.currentTarget.value)}
      />
      <div className={classes.chips}>
        <span className="faint">{offered.length ? t("insert") : t("noPlaceholders")}</span>
        {offered.map((one) => (
          <button key={one} type="button" className={classes.chip} onClick={() => insert(one)}>
            {one}
          </button>
        ))}
      </div>
    </div>
  );
}
