// Tags as they are edited: rows of key and value, one more below.
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { partTexts } from "./texts";

export type TagRow = readonly [key: string, value: string];

export const rowsOfTags = (tags: Record<string, string> | null | undefined): TagRow[] => Object.entries(tags ?? {});

/** Rows without a key are left out. */
export const tagsOfRows = (rows: readonly TagRow[]): Record<string, string> => Object.fromEntries(rows.filter(([key]) => key.trim() !== "").map(([key, value]) => [key.trim(), value]));

export function TagFields({ rows, onRows }: { rows: readonly TagRow[]; onRows(rows: TagRow[]): void }) {
  const t = useTexts(partTexts);
  const change = (index: number, row: TagRow) => onRows(rows.map((one, at) => (at === index ? row : one)));
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0, display: "grid", gap: 6 }}>
      <legend style={{ padding: 0, marginBottom: 4, fontSize: "0.75rem", fontWeight: 500 }}>{t("tags")}</legend>
      {rows.map(([key, value], index) => (
        <div key={index} style={{ display: "grid", gridTemplateColumns: "1fr 1fr 28px", gap: 6, alignItems: "center" }}>
          <TextInput aria-label={t("tagKey", { number: index + 1 })} value={key} onChange={(event) => change(index, [event.currentTarget.value, value])} />
          <TextInput aria-label={t("tagValue", { number: index + 1 })} value={value} onChange={(event) => change(index, [key, event.currentTarget.value])} />
          <ActionIcon aria-label={t("remove", { name: key || String(index + 1) })} onClick={() => onRows(rows.filter((_, at) => at !== index))}>
            <Icon name="close" size={14} />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => onRows([...rows, ["", ""]])}>
          {t("addTag")}
        </Button>
      </div>
    </fieldset>
  );
}
