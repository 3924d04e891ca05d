// Why a model says what it says, by columns of the table: for all rows, and for any row of a sample.
import { ActionIcon, Select, useComputedColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { jobQuery } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { useUrlState } from "@/parts/urlState";
import { filesQuery, type JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { type AutoMLJob, cellText, FILES, type GlobalExplanation, jsonFileQuery, type LocalExplanation, modelRunOf, sharesOf } from "./automl";
import { importance } from "./charts";
import { automlTexts } from "./texts";

const MOST_BARS = 25;
const BAR_HEIGHT = 26;

export function Explanations({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const { data: files, error } = useQuery(filesQuery(ws, name));
  const found = useQuery(jsonFileQuery<GlobalExplanation>(ws, name, FILES.global, files));
  const local = useQuery(jsonFileQuery<LocalExplanation>(ws, name, FILES.local, files));
  const parent = job.parent_job_name ?? "";
  const above = useQuery({ ...jobQuery(ws, parent), enabled: parent !== "" }).data as JobFacts["job"] | undefined;
  if (error ?? found.error) return <ErrorNote error={error ?? found.error} />;
  if (found.data === undefined || local.data === undefined) return null;
  if (found.data === null) {
    const training = (above as unknown as AutoMLJob | undefined)?.training as { enable_model_explainability?: boolean | null } | null | undefined;
    const why = above && modelRunOf(parent, above) !== name ? "onlyBest" : training?.enable_model_explainability === false ? "notAsked" : "noExplanationText";
    return <EmptyState icon="chart" title={t("noExplanation")} text={t(why)} />;
  }
  return (
    <div className={classes.column}>
      <Global found={found.data} />
      {local.data ? <Local local={local.data} /> : <p className="faint">{t("noLocal")}</p>}
    </div>
  );
}

function useLook() {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  return useMemo(() => ({ formats, scheme, say: t }), [formats, scheme, t]);
}

function Global({ found }: { found: GlobalExplanation }) {
  const t = useTexts(automlTexts);
  const look = useLook();
  const rows = useMemo(() => Object.entries(found.importances).map(([name, value]) => ({ name, value })), [found]);
  const shown = useMemo(() => rows.slice(0, MOST_BARS), [rows]);
  const option = useMemo(() => importance(shown, look), [shown, look]);
  const [kind = "", member] = found.method.split(/ of | alone$/);
  return (
    <div>
      <EChart title={t("global")} option={option} height={30 + shown.length * BAR_HEIGHT} table={{ heads: [t("column"), t("importance")], rows: rows.map((one) => [one.name, look.formats.value(one.value)]) }} />
      <p className="faint" style={{ paddingTop: 6 }}>
        {[kind === "tree" || kind === "linear" || kind === "permutation" ? t(`method_${kind}`) : found.method, member ? t("method_member", { name: member }) : "", t("onRows", { count: found.rows })].filter(Boolean).join(" ")}
      </p>
    </div>
  );
}

function Local({ local }: { local: LocalExplanation }) {
  const t = useTexts(automlTexts);
  const look = useLook();
  const { formats } = look;
  const [search, change] = useUrlState();
  const row = Math.min(Math.max(Number(search.row ?? 1) - 1 || 0, 0), local.shares.length - 1);
  const outputs = local.outputs ?? [];
  const output = Math.max(outputs.map(String).indexOf(search.output ?? ""), outputs.length > 1 ? outputs.map(String).indexOf(String(local.predicted?.[row])) : 0, 0);
  const shares = useMemo(() => sharesOf(local, row, output), [local, row, output]);
  const bars = useMemo(() => shares.slice(0, MOST_BARS).map((one) => ({ name: `${one.column} = ${cellText(one.cell, formats.value)}`, value: one.share })), [shares, formats]);
  const option = useMemo(() => importance(bars, look), [bars, look]);
  const go = (next: number) => change({ row: next === 0 ? undefined : String(next + 1) });
  const isExact = local.method !== "permutation";
  return (
    <div className={classes.explained}>
      <Panel title={t("sample")} more={<span className="faint">{local.shares.length}</span>}>
        <Sample local={local} row={row} onRow={go} />
      </Panel>
      <div className={classes.column}>
        <Panel
          title={`${t("local")}: ${row + 1}`}
          more={
            <span className={classes.tools}>
              {outputs.length > 1 ? <Select aria-label={t("outputOf")} w={170} data={outputs.map(String)} value={String(outputs[output])} allowDeselect={false} onChange={(next) => change({ output: next ?? undefined })} /> : null}
              <ActionIcon variant="default" aria-label={t("previous")} disabled={row === 0} onClick={() => go(row - 1)}>
                <Icon name="left" size={14} />
              </ActionIcon>
              <ActionIcon variant="default" aria-label={t("next")} disabled={row === local.shares.length - 1} onClick={() => go(row + 1)}>
                <Icon name="right" size={14} />
              </ActionIcon>
            </span>
          }
        >
          <KeyValues
            items={[
              [t("answer"), cellText(local.predicted?.[row], formats.value)],
              [t("truth"), cellText(local.target?.[row], formats.value)],
              [t("base"), cellText(local.base[row]?.[output], formats.value)],
              ...(outputs.length ? [[t("outputOf"), String(outputs[output])] as const] : []),
            ]}
          />
        </Panel>
        <EChart title={t("speaksFor")} option={option} height={30 + bars.length * BAR_HEIGHT} table={{ heads: [t("column"), t("value"), t("share")], rows: shares.map((one) => [one.column, cellText(one.cell, formats.value), formats.value(one.share)]) }} />
        <p className="faint">
          {t(isExact ? "localExact" : "localPermutation")} {local.others ? t("localOthers", { count: local.others }) : ""} {local.of ? t(local.of === "test_data" ? "ofTest" : "ofTraining") : ""}
        </p>
      </div>
    </div>
  );
}

function Sample({ local, row, onRow }: { local: LocalExplanation; row: number; onRow(row: number): void }) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  return (
    <div className={classes.sample} tabIndex={0} role="group" aria-label={t("sample")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("row")}</th>
            <th scope="col">{t("answer")}</th>
            <th scope="col">{t("truth")}</th>
            {local.columns.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {local.shares.map((_, index) => (
            <tr key={index} aria-selected={index === row} onClick={() => onRow(index)}>
              <th scope="row">
                <button type="button" aria-pressed={index === row} onClick={() => onRow(index)}>
                  {index + 1}
                </button>
              </th>
              <td>{cellText(local.predicted?.[index], formats.value)}</td>
              <td>{cellText(local.target?.[index], formats.value)}</td>
              {local.columns.map((one, place) => (
                <td key={one}>{cellText(local.rows?.[index]?.[place], formats.value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
