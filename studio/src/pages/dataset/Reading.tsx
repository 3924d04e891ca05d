// How a table that is written as text is to be read, where what was found out is wrong: in the address, for preview and profile.
import { NativeSelect } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { type Search, useUrlState } from "@/parts/urlState";
import classes from "./Dataset.module.css";
import { datasetTexts } from "./texts";

const DELIMITERS = ["comma", "semicolon", "tab", "pipe", "space"] as const;
const ENCODINGS = ["utf-8", "latin-1", "cp1252", "utf-16"];

/** Return the words of the address that say how a table is read, as the server's query takes them. */
export function readingOf({ delimiter, encoding, header }: Search): Pick<Search, "delimiter" | "encoding" | "header"> {
  return { delimiter, encoding, header };
}

export const isReadingSet = (search: Search): boolean => Object.values(readingOf(search)).some(Boolean);

export function Reading() {
  const t = useTexts(datasetTexts);
  const [search, change] = useUrlState();
  const { delimiter, encoding, header } = readingOf(search);
  const found = { value: "", label: t("foundOut") };
  const withOwn = (known: { value: string; label: string }[], value: string | undefined) =>
    value && !known.some((one) => one.value === value) ? [...known, { value, label: value }] : known;
  return (
    <div className={classes.bar} role="group" aria-label={t("reading")}>
      <NativeSelect
        label={t("delimiterField")}
        value={delimiter ?? ""}
        onChange={(event) => change({ delimiter: event.currentTarget.value })}
        data={withOwn([found, ...DELIMITERS.map((one) => ({ value: one, label: t(`delimiter_${one}`) }))], delimiter)}
      />
      <NativeSelect
        label={t("encodingField")}
        value={encoding ?? ""}
        onChange={(event) => change({ encoding: event.currentTarget.value })}
        data={withOwn([found, ...ENCODINGS.map((one) => ({ value: one, label: one }))], encoding)}
      />
      <NativeSelect
        label={t("headerField")}
        value={header ?? ""}
        onChange={(event) => change({ header: event.currentTarget.value })}
        data={[found, { value: "true", label: t("headerYes") }, { value: "false", label: t("headerNo") }]}
      />
    </div>
  );
}
