// A data asset and its version.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { assetRows } from "@/api/assets";
import { inWorkspace, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import classes from "./Automl.module.css";
import { automlTexts } from "./texts";
import type { DataChoice } from "./wizard";

const MOST = 500; // names to choose from; more are found by typing only on the page of data

interface DataSelectProps {
  ws: string;
  label: string;
  value: DataChoice | null;
  error?: string | undefined;
  onChange(value: DataChoice | null): void;
}

export function DataSelect({ ws, label, value, error, onChange }: DataSelectProps) {
  const t = useTexts(automlTexts);
  const { data: rows } = useQuery({ queryKey: [...keys.assets(ws, "data"), "to-choose"], queryFn: () => assetRows(ws, "data", { limit: MOST }) });
  const name = value?.name ?? "";
  const versions = useQuery({
    // As on the data asset's page.
    queryKey: [...keys.asset(ws, "data", name), "versions"],
    queryFn: () => allItems<Schemas["Data"]>(inWorkspace(ws, "data", name, "versions")),
    enabled: name !== "",
  });
  const names = (rows?.items ?? []).map((one) => one.name);
  const known = (versions.data?.items ?? []).map((one) => one.version ?? "");
  return (
    <div className={classes.choice}>
      <Select
        label={label}
        placeholder={rows && !names.length ? t("noData") : t("chooseData")}
        searchable
        data={[...new Set([...names, ...(value ? [value.name] : [])])]}
        value={value?.name ?? null}
        error={error}
        onChange={(name) => {
          const row = rows?.items.find((one) => one.name === name);
          onChange(row ? { name: row.name, version: row.latest_version, type: row.type } : null);
        }}
      />
      <Select
        label={t("version")}
        data={[...new Set([...(value ? [value.version] : []), ...known])]}
        value={value?.version ?? null}
        disabled={!value}
        allowDeselect={false}
        onChange={(version) => {
          const found = versions.data?.items.find((one) => one.version === version);
          if (value && version) onChange({ ...value, version, type: found?.type ?? value.type });
        }}
      />
    </div>
  );
}
