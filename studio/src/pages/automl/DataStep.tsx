// Task type and data: which task, which table, and what its columns are taken for.
import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { ApiError } from "@/api/errors";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { forgetDraft, keepDraft, keptDraft } from "@/parts/drafts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Panel } from "@/parts/Panel";
import { useUrlState } from "@/parts/urlState";
import classes from "./Automl.module.css";
import { Cards } from "./Cards";
import { Columns } from "./Columns";
import { DataSelect } from "./DataSelect";
import { useWizard } from "./form";
import { NewDataForm } from "./NewDataForm";
import { type NewData, NOTHING } from "./newData";
import { PreviewTable } from "./PreviewTable";
import { automlTexts } from "./texts";
import { type DataChoice, withData, withTask } from "./wizard";

export const NEW_DATA = "automl-data"; // the name under which a data asset that is being made is kept

export function DataStep() {
  const t = useTexts(automlTexts);
  const { ws, w, change, errorOf } = useWizard();
  const [search, setSearch] = useUrlState();
  const isNew = search.make === "1";
  const [made, setMade] = useState<NewData>(() => keptDraft<NewData>(NEW_DATA, ws) ?? NOTHING);
  useEffect(() => keepDraft(NEW_DATA, ws, made), [ws, made]);
  const choose = (data: DataChoice | null) => change((before) => withData(before, data));
  return (
    <>
      <Panel title={t("task")} isPadded>
        <Cards
          label={t("task")}
          value={w.task}
          error={errorOf("task")}
          onChange={(task) => change((before) => withTask(before, task))}
          cards={[
            { id: "classification", icon: "columns", title: t("classification"), text: t("classificationText") },
            { id: "regression", icon: "chart", title: t("regression"), text: t("regressionText") },
          ]}
        />
      </Panel>
      <Panel title={t("selectData")} isPadded>
        <SegmentedControl
          aria-label={t("selectData")}
          style={{ justifySelf: "start" }}
          value={isNew ? "new" : "existing"}
          onChange={(next) => setSearch({ make: next === "new" ? "1" : undefined })}
          data={[
            { value: "existing", label: t("existing") },
            { value: "new", label: t("create") },
          ]}
        />
        {isNew && errorOf("data") ? <p className={classes.fault}>{t("createFirst")}</p> : null}
        {isNew ? (
          <NewDataForm
            ws={ws}
            value={made}
            onChange={setMade}
            onMade={(data) => {
              choose(data);
              setMade(NOTHING);
              forgetDraft(NEW_DATA, ws);
              setSearch({ make: undefined });
            }}
          />
        ) : (
          <DataSelect ws={ws} label={t("dataAsset")} value={w.data} error={errorOf("data")} onChange={choose} />
        )}
      </Panel>
      {w.data && !isNew ? <Chosen data={w.data} /> : null}
    </>
  );
}

function Chosen({ data: { name, version, type } }: { data: DataChoice }) {
  const t = useTexts(automlTexts);
  const { ws, check } = useWizard();
  const { data, error, refetch } = useQuery({
    queryKey: [...keys.asset(ws, "data", name), "first-rows", version, type],
    queryFn: () => json<Schemas["Preview"]>(`${inWorkspace(ws, "tables", "preview")}${query({ path: `azureml:${name}:${version}`, rows: 8 })}`),
    retry: false,
  });
  const failure = check.data?.state === "failed" ? check.data.error : undefined;
  const examples = (column: string): string => {
    const place = data?.columns.findIndex((one) => one.name === column) ?? -1;
    return place < 0 ? "" : [...new Set((data?.rows ?? []).map((row) => row[place] ?? "").filter(Boolean))].slice(0, 3).join(", ");
  };
  return (
    <Panel title={`${name}:${version}`} isPadded>
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {data?.form === "table" ? <PreviewTable data={data} /> : null}
      {data && data.form !== "table" ? <p className={classes.fault}>{t("notTable")}</p> : null}
      {failure ? <ErrorNote error={new ApiError(400, failure.code, failure.message)} /> : null}
      {check.data || error ? null : <Skeleton height={180} radius={6} />}
      <Columns examples={examples} />
    </Panel>
  );
}
