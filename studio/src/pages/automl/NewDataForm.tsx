// Creates a data asset on the way: files or an address, how they are read, and the rows as they then are.
import { Button, Checkbox, NativeSelect, NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import "@mantine/core/styles/NumberInput.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { UploadDrop } from "@/parts/UploadDrop";
import { nameOf } from "../data/newData";
import classes from "./Automl.module.css";
import { createData, describesItself, isEmpty, type NewData, NOTHING } from "./newData";
import { PreviewTable } from "./PreviewTable";
import { asQuery, AUTOMATIC, DELIMITERS, ENCODINGS, HEADERS, needsMLTable, type ReadOptions } from "./readOptions";
import { automlTexts } from "./texts";
import type { DataChoice } from "./wizard";

interface NewDataFormProps {
  ws: string;
  value: NewData;
  onChange(value: NewData): void;
  onMade(choice: DataChoice): void;
}

export function NewDataForm({ ws, value, onChange, onMade }: NewDataFormProps) {
  const t = useTexts(automlTexts);
  const set = (changes: Partial<NewData>) => onChange({ ...value, ...changes });
  const asked = asQuery(value.options);
  const preview = useQuery({
    queryKey: ["ws", ws, "look", value.reference, asked],
    queryFn: () => json<Schemas["Preview"]>(`${inWorkspace(ws, "tables", "preview")}${query({ path: value.reference, rows: 8, ...asked })}`),
    enabled: value.reference !== "",
    retry: false,
    // What is shown while it is read anew is of the same files.
    placeholderData: (before, query) => (query?.queryKey[3] === value.reference ? before : undefined),
  });
  return (
    <div className={classes.body} style={{ padding: 0 }}>
      <SegmentedControl
        aria-label={t("source")}
        style={{ justifySelf: "start" }}
        value={value.source}
        onChange={(source) => onChange({ ...NOTHING, source: source as NewData["source"] })}
        data={[
          { value: "files", label: t("localFiles") },
          { value: "address", label: t("webFiles") },
        ]}
      />
      {value.source === "address" ? <Address value={value} onChange={onChange} /> : <Files ws={ws} value={value} onChange={onChange} />}
      {value.reference ? (
        <>
          {preview.error ? <ErrorNote error={preview.error} onRetry={() => void preview.refetch()} /> : null}
          {preview.data && preview.data.form !== "table" && !preview.error ? <p className={classes.fault}>{t("notTable")}</p> : null}
          {describesItself(value) || (preview.data?.form === "table" && preview.data.delimiter === undefined) ? null : (
            <Reading options={value.options} found={preview.data} onChange={(options) => set({ options })} />
          )}
          {preview.data?.form !== "table" ? null : isEmpty(preview.data) ? (
            <p className={classes.fault} role="alert">
              {t(preview.data.columns.length ? "onlyHeaders" : "emptyFile")}
            </p>
          ) : (
            <PreviewTable data={preview.data} />
          )}
          <Making ws={ws} value={value} found={preview.data?.form === "table" && !isEmpty(preview.data) && !preview.error && !preview.isPlaceholderData ? preview.data : null} onChange={onChange} onMade={onMade} />
        </>
      ) : null}
    </div>
  );
}

function Files({ ws, value, onChange }: Pick<NewDataFormProps, "ws" | "value" | "onChange">) {
  const t = useTexts(automlTexts);
  if (!value.reference) return <UploadDrop ws={ws} onSent={(sent, files) => onChange({ ...value, files: sent.files, reference: sent.reference, name: value.name || nameOf(files) })} />;
  return (
    <div className={classes.sent}>
      <Icon name={value.files.length === 1 ? "file" : "folder"} />
      <span className="cut">{value.files.length === 1 ? value.files[0]!.path : (value.files[0]?.path.split("/")[0] ?? "")}</span>
      <Button variant="default" size="compact-xs" onClick={() => onChange(NOTHING)}>
        {t("otherFiles")}
      </Button>
    </div>
  );
}

function Address({ value, onChange }: Pick<NewDataFormProps, "value" | "onChange">) {
  const t = useTexts(automlTexts);
  const look = () => {
    const reference = value.address.trim();
    onChange({ ...value, reference, name: value.name || nameOf([{ path: reference.split(/[?#]/)[0]!.split("/").at(-1) ?? "" }]) });
  };
  return (
    <div className={classes.address}>
      <TextInput
        label={t("address")}
        placeholder={t("addressHint")}
        value={value.address}
        onChange={(event) => onChange({ ...value, address: event.currentTarget.value, reference: "" })}
        onKeyDown={(event) => (event.key === "Enter" && value.address.trim() ? look() : undefined)}
      />
      <Button variant="default" disabled={!value.address.trim()} onClick={look}>
        {t("look")}
      </Button>
    </div>
  );
}

const DELIMITER_NAMES = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space" } as const;
const HEADER_NAMES = { all_files_same_headers: "allHeaders", from_first_file: "firstHeader", no_header: "noHeader" } as const;

function Reading({ options, found, onChange }: { options: ReadOptions; found: Schemas["Preview"] | undefined; onChange(options: ReadOptions): void }) {
  const t = useTexts(automlTexts);
  const set = (changes: Partial<ReadOptions>) => onChange({ ...options, ...changes });
  const automatic = (what: string | undefined) => ({ value: "", label: what ? `${t("automaticOption")} (${what})` : t("automaticOption") });
  const delimiter = DELIMITERS.find((one) => one === found?.delimiter);
  return (
    <div role="group" aria-label={t("fileFormat")} className={classes.body} style={{ padding: 0 }}>
      <div className={classes.reading}>
        <NativeSelect
          size="xs"
          label={t("delimiter")}
          value={options.delimiter}
          data={[automatic(options.delimiter || !delimiter ? undefined : t(DELIMITER_NAMES[delimiter])), ...DELIMITERS.map((one) => ({ value: one, label: t(DELIMITER_NAMES[one]) }))]}
          onChange={(event) => set({ delimiter: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label={t("encoding")}
          value={options.encoding}
          data={[automatic(options.encoding ? undefined : found?.encoding), ...ENCODINGS.map((one) => ({ value: one, label: ENCODING_NAMES[one] }))]}
          onChange={(event) => set({ encoding: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label={t("headers")}
          value={options.header}
          data={[
            automatic(options.header || found?.header === undefined ? undefined : t(found.header ? "allHeaders" : "noHeader")),
            ...HEADERS.map((one) => ({ value: one, label: t(HEADER_NAMES[one]) })),
          ]}
          onChange={(event) => set({ header: event.currentTarget.value })}
        />
      </div>
      <div className={classes.three}>
        <NumberInput size="xs" label={t("skipRows")} description={t("skipRowsText")} min={0} max={10_000} allowDecimal={false} value={options.skipRows} onChange={(next) => set({ skipRows: Math.max(0, Number(next) || 0) })} />
        <Checkbox mt={38} label={t("multiLine")} checked={options.multiLine} onChange={(event) => set({ multiLine: event.currentTarget.checked })} />
        {found?.decimal === "," ? <p className="faint" style={{ marginTop: 38 }}>{t("decimalComma")}</p> : null}
      </div>
      {found && needsMLTable(options, found) ? <p className="faint">{t("asTable")}</p> : null}
    </div>
  );
}

const ENCODING_NAMES: Record<(typeof ENCODINGS)[number], string> = {
  utf8: "UTF-8",
  utf8bom: "UTF-8 (BOM)",
  iso88591: "ISO-8859-1 (Latin-1)",
  windows1252: "Windows-1252",
  ascii: "ASCII",
  utf16: "UTF-16",
  utf32: "UTF-32",
};

function Making({ ws, value, found, onChange, onMade }: NewDataFormProps & { found: Schemas["Preview"] | null }) {
  const t = useTexts(automlTexts);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    if (!found) return;
    setBusy(true);
    setError(null);
    try {
      onMade(await createData(ws, describesItself(value) ? { ...value, options: AUTOMATIC } : value, found));
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <>
      <div className={classes.two}>
        <TextInput label={t("dataName")} value={value.name} onChange={(event) => onChange({ ...value, name: event.currentTarget.value })} />
        <TextInput label={t("description")} value={value.description} onChange={(event) => onChange({ ...value, description: event.currentTarget.value })} />
      </div>
      {error ? <ErrorNote error={error} /> : null}
      <div className={classes.end}>
        <Button loading={isBusy} disabled={!found || !value.name.trim()} onClick={() => void make()}>
          {t("createData")}
        </Button>
      </div>
    </>
  );
}
