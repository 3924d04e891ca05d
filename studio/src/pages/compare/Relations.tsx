// Parameters against metrics over several jobs: parallel coordinates, or two of them in a scatter.
import "@mantine/core/styles/PillsInput.css";
import "@mantine/core/styles/Pill.css";
import { MultiSelect, SegmentedControl, Select } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { useUrlState } from "@/parts/urlState";
import classes from "./Compare.module.css";
import type { Compared } from "./compared";
import { uniqueNames } from "./Curves";
import { axisOf, parallelOption, scatterOption, tellingParams } from "./relation";
import { compareTexts } from "./texts";

const MOST_AXES = 10;

export function Relations({ ws, data }: { ws: string; data: Compared }) {
  const t = useTexts(compareTexts);
  const formats = useFormats();
  const navigate = useNavigate();
  const [search, change] = useUrlState();
  const { jobs, differing } = data;
  const choices = useMemo(() => [...differing.params.map((key) => `params.${key}`), ...differing.metrics.map((key) => `metrics.${key}`)], [differing]);
  const metrics = choices.filter((one) => one.startsWith("metrics."));
  const params = useMemo(() => tellingParams(jobs, differing.params, MOST_AXES - 1).map((key) => `params.${key}`), [jobs, differing]);
  const known = (word: string | undefined, otherwise: string | undefined) => (word && choices.includes(word) ? word : otherwise);
  const target = known(search.y, metrics[0]);
  const form = search.form === "scatter" ? "scatter" : "parallel";
  const axes = search.axes ? search.axes.split(",").filter((one) => choices.includes(one)) : [...params, ...(target ? [target] : [])];
  const x = known(search.px, params[0] ?? metrics[1]);
  const colour = known(search.colour, undefined);
  const names = useMemo(() => uniqueNames(jobs), [jobs]);
  const option = useMemo(() => {
    const axis = (word: string) => axisOf(jobs, word.startsWith("params.") ? "params" : "metrics", word.slice(word.indexOf(".") + 1));
    const look = { say: formats.value, names };
    if (!target) return null;
    if (form === "parallel") return axes.length > 1 ? parallelOption(axes.map(axis), axis(target), look) : null;
    return x ? scatterOption(axis(x), axis(target), colour ? axis(colour) : null, look) : null;
  }, [jobs, names, form, axes.join(","), target, x, colour, formats]);
  if (!target || choices.length < 2) return <p className="faint">{t("needsMore")}</p>;
  const label = (word: string) => word.slice(word.indexOf(".") + 1);
  const grouped = (only: readonly string[]) =>
    [
      { group: t("params"), items: only.filter((one) => one.startsWith("params.")).map((value) => ({ value, label: label(value) })) },
      { group: t("metrics"), items: only.filter((one) => one.startsWith("metrics.")).map((value) => ({ value, label: label(value) })) },
    ].filter((one) => one.items.length);
  const shown = form === "parallel" ? axes : [x, target].filter((one) => one !== undefined);
  return (
    <div className={classes.relations}>
      <div className={`panel ${classes.choices}`}>
        <SegmentedControl
          aria-label={t("form")}
          value={form}
          onChange={(next) => change({ form: next === "parallel" ? undefined : next })}
          data={[
            { value: "parallel", label: t("parallel") },
            { value: "scatter", label: t("scatter") },
          ]}
        />
        {form === "scatter" ? <Select label={t("horizontal")} size="xs" data={grouped(choices)} value={x ?? null} onChange={(px) => change({ px: px ?? undefined })} searchable allowDeselect={false} /> : null}
        <Select label={form === "scatter" ? t("vertical") : t("colour")} size="xs" data={grouped(metrics)} value={target} onChange={(y) => change({ y: y ?? undefined })} searchable allowDeselect={false} />
        {form === "scatter" ? <Select label={t("colour")} size="xs" data={grouped(choices)} value={colour ?? null} onChange={(next) => change({ colour: next ?? undefined })} searchable clearable /> : null}
        {form === "parallel" ? <MultiSelect label={t("axes")} size="xs" data={grouped(choices)} value={axes} maxValues={14} onChange={(next) => change({ axes: next.join(",") })} searchable style={{ flex: 1, minWidth: 280 }} /> : null}
      </div>
      {option ? (
        <EChart
          title={form === "parallel" ? t("parallelTitle", { count: axes.length, metric: label(target) }) : t("relationTitle", { x: label(x ?? ""), y: label(target) })}
          option={option}
          height={460}
          table={{ heads: [t("job"), ...shown.map(label)], rows: jobs.map((job, index) => [names[index], ...shown.map((word) => (word.startsWith("params.") ? job.params[label(word)] : job.metrics[label(word)]) ?? "–")]) }}
          on={{
            click: (event) => {
              const found = event as { dataIndex?: number; data?: { row?: number } };
              const job = jobs[found.data?.row ?? found.dataIndex ?? -1];
              if (job) void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: job.name } });
            },
          }}
        />
      ) : (
        <p className="faint">{t("needsMore")}</p>
      )}
    </div>
  );
}
