// What a model scored, and Azure's charts of it.
import { SegmentedControl, useComputedColorScheme } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { useUrlState } from "@/parts/urlState";
import { filesQuery, type JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { FILES, jsonFileQuery, scoresOf } from "./automl";
import { type ChartFile, type ChartFiles, type ChartName, CHARTS, drawn } from "./charts";
import { useMetricTitle } from "./metricNames";
import { loggedOf } from "./ModelOverview";
import { automlTexts } from "./texts";

export function ModelMetrics({ ws, name, job }: JobFacts) {
  const { metrics } = loggedOf(job);
  const scores = scoresOf(metrics, job.tags?.["automl.primary_metric"] ?? "");
  return (
    <div className={classes.column}>
      <ModelCharts ws={ws} name={name} job={job} />
      {scores.length ? <Scores scores={scores} primary={job.tags?.["automl.primary_metric"] ?? ""} /> : null}
    </div>
  );
}

export function Scores({ scores, primary }: { scores: ReturnType<typeof scoresOf>; primary: string }) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const show = (value: number | undefined) => (value === undefined ? "" : formats.value(value));
  const metricTitle = useMetricTitle();
  const hasTest = scores.some((one) => one.test !== undefined);
  return (
    <Panel title={t("scores")} more={<span className="faint">{scores.length}</span>}>
      <PlainTable
        label={t("scores")}
        rows={scores}
        rowKey={(one) => one.key}
        columns={[
          {
            id: "metric",
            title: t("metric"),
            render: (one) => (
              <span title={one.key} style={{ fontWeight: one.key === primary ? 600 : 400 }}>
                {metricTitle(one.key)}
                {one.key === primary ? <span className="faint">{` · ${t("primaryMark")}`}</span> : null}
              </span>
            ),
          },
          { id: "validation", title: t("validation"), isNumber: true, render: (one) => show(one.validation) },
          ...(hasTest ? [{ id: "test", title: t("test"), isNumber: true, render: (one: (typeof scores)[number]) => show(one.test) }] : []),
        ]}
      />
    </Panel>
  );
}

function ModelCharts({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const { data: files, error } = useQuery(filesQuery(ws, name));
  const together = useQuery(jsonFileQuery<ChartFiles>(ws, name, FILES.charts, files));
  // The best model's are files of their own, too; those of jobs before charts were written for every model, only there.
  const own = useQueries({ queries: CHARTS.map((chart) => ({ ...jsonFileQuery<ChartFile>(ws, name, `charts/${chart}.json`, files), enabled: files !== undefined && together.data === null })) });
  if (error ?? together.error) return <ErrorNote error={error ?? together.error} />;
  if (!files || together.isPending || (together.data === null && own.some((one) => one.isPending))) return null;
  const found = CHARTS.flatMap((chart, index) => {
    const file = together.data?.[chart] ?? own[index]?.data;
    return file ? [[chart, file] as const] : [];
  });
  if (!found.length) return <EmptyState icon="chart" title={t("noCharts")} text={t(job.status === "Completed" && !files.length ? "noChartsYet" : "noChartsText")} />;
  return (
    <>
      <div className={classes.charts}>
        {found.map(([chart, file]) => (
          <Chart key={chart} name={chart} file={file} />
        ))}
      </div>
      <p className="faint">{t("ofRows")}</p>
    </>
  );
}

function Chart({ name, file }: { name: ChartName; file: ChartFile }) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const scheme = useComputedColorScheme("light");
  const [search, change] = useUrlState();
  const isShare = search.matrix === "share";
  const found = useMemo(() => drawn(name, file, isShare, { formats, scheme, say: t }), [name, file, isShare, formats, scheme, t]);
  if (!found) return null;
  const tools =
    name === "confusion_matrix" ? (
      <SegmentedControl
        aria-label={t("chart_confusion_matrix")}
        value={isShare ? "share" : "counts"}
        onChange={(next) => change({ matrix: next === "share" ? next : undefined })}
        data={[
          { value: "counts", label: t("counts") },
          { value: "share", label: t("shares") },
        ]}
      />
    ) : null;
  return <EChart title={t(`chart_${name}`)} option={found.option} table={found.table} height={310} tools={tools} />;
}
