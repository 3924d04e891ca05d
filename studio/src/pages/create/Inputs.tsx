// What goes in: data assets, addresses, uploads on the way, and literal values.
import { Autocomplete, Button, Modal, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import { UploadDrop } from "@/parts/UploadDrop";
import classes from "./Create.module.css";
import { asInput, assetReference, DATA_TYPES, freshName, inputType, isLiteralType, isMap, LITERAL_TYPES, mapOf, renamed } from "./document";
import { IconButton, Section, useForm } from "./form";
import { createTexts } from "./texts";

export function Inputs() {
  const t = useTexts(createTexts);
  const { mapAt, set } = useForm();
  const inputs = mapAt(["inputs"]);
  const change = (next: Record<string, unknown>) => set(["inputs"], Object.keys(next).length ? next : undefined);
  const add = (base: string, value: unknown) => change({ ...inputs, [freshName(base, inputs)]: value });
  return (
    <Section
      title={t("inputs")}
      actions={
        <span style={{ display: "flex", gap: 4 }}>
          <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => add("data", { type: "uri_file", path: "" })}>
            {t("addData")}
          </Button>
          <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => add("value", "")}>
            {t("addValue")}
          </Button>
        </span>
      }
    >
      {Object.keys(inputs).length ? null : <p className="faint">{t("noInputs")}</p>}
      {Object.entries(inputs).map(([name, value], index) => (
        <InputRow
          key={index}
          name={name}
          value={value}
          onRename={(next) => change(renamed(inputs, name, next))}
          onChange={(next) => change({ ...inputs, [name]: next })}
          onRemove={() => {
            const { [name]: _gone, ...rest } = inputs;
            change(rest);
          }}
        />
      ))}
    </Section>
  );
}

interface RowProps {
  name: string;
  value: unknown;
  onRename(name: string): void;
  onChange(value: unknown): void;
  onRemove(): void;
}

function InputRow({ name, value, onRename, onChange, onRemove }: RowProps) {
  const t = useTexts(createTexts);
  const { errorAt } = useForm();
  const type = inputType(value);
  const error = errorAt(["inputs", name], true);
  return (
    <div className={classes.row} data-kind="port">
      <TextInput aria-label={t("inputName")} value={name} onChange={(event) => onRename(event.currentTarget.value.trim())} />
      <Select
        aria-label={t("typeOf", { name })}
        data={[
          { group: t("dataTypes"), items: [...DATA_TYPES] },
          { group: t("literalTypes"), items: [...LITERAL_TYPES] },
        ]}
        value={type}
        allowDeselect={false}
        onChange={(next) => next && onChange(asInput(next, value))}
      />
      {isLiteralType(type) ? <Literal name={name} type={type} value={value} onChange={onChange} /> : <DataPath name={name} value={mapOf(value)} onChange={onChange} />}
      <span className={classes.end}>
        <IconButton icon="trash" label={t("remove", { name })} onClick={onRemove} />
      </span>
      {error ? <p className={classes.fault}>{error}</p> : null}
    </div>
  );
}

function Literal({ name, type, value, onChange }: { name: string; type: string; value: unknown; onChange(value: unknown): void }) {
  const t = useTexts(createTexts);
  const label = t("valueOf", { name });
  const bare = isMap(value) ? value.value : value;
  if (type === "boolean") return <Switch aria-label={label} checked={bare === true} onChange={(event) => onChange(event.currentTarget.checked)} mt={6} />;
  if (type === "string") return <TextInput aria-label={label} value={String(bare ?? "")} onChange={(event) => onChange(event.currentTarget.value)} />;
  return (
    <NumberInput
      size="xs"
      aria-label={label}
      hideControls
      allowDecimal={type === "number"}
      value={Number(bare)}
      onChange={(next) => next !== "" && onChange(Number(next))}
    />
  );
}

const NAMES = 200;

function DataPath({ name, value, onChange }: { name: string; value: Record<string, unknown>; onChange(value: unknown): void }) {
  const t = useTexts(createTexts);
  const words = useTexts(partTexts);
  const { ws } = useForm();
  const [isUploading, setUploading] = useState(false);
  const isModel = String(value.type).endsWith("_model");
  const { data } = useQuery({
    queryKey: [...keys.assets(ws, isModel ? "model" : "data"), "names"],
    queryFn: () => json<Schemas["AssetTable"]>(`${inWorkspace(ws, isModel ? "models" : "data", "rows")}${query({ limit: NAMES })}`),
  });
  const assets = data?.items ?? [];
  const path = String(value.path ?? "");
  const choose = (next: string) => {
    const found = assets.find((one) => assetReference(one.name, "latest") === next);
    onChange({ ...value, path: next, ...(found?.type ? { type: found.type } : {}) });
  };
  return (
    <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr) auto", gap: 6 }}>
      <Autocomplete
        size="xs"
        aria-label={t("pathOf", { name })}
        placeholder={isModel ? t("chooseModel") : t("chooseData")}
        data={assets.flatMap((one) => [assetReference(one.name, "latest"), assetReference(one.name, one.latest_version)])}
        filter={({ options, search }) => (assets.some((one) => search.startsWith(`azureml:${one.name}`)) ? options : options.filter((one) => "items" in one || one.label.includes(search)))}
        value={path}
        onChange={choose}
      />
      <IconButton icon="upload" label={t("uploadFor", { name })} onClick={() => setUploading(true)} />
      {isUploading ? (
        <Modal opened onClose={() => setUploading(false)} title={t("uploadFor", { name })} closeButtonProps={{ "aria-label": words("close") }}>
          <UploadDrop
            ws={ws}
            onSent={(tree, files) => {
              const isFile = files.length === 1;
              onChange({ ...value, ...(isModel ? {} : { type: isFile ? "uri_file" : "uri_folder" }), path: tree.reference });
              setUploading(false);
            }}
          />
          <p className="faint" style={{ marginTop: 10 }}>
            {t("uploadText")}
          </p>
        </Modal>
      ) : null}
    </div>
  );
}
