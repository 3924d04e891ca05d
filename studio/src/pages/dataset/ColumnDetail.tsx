// One column in full: its histogram or values, its quantiles, and its groups against the target.
import { useMemo } from "react";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EChart } from "@/parts/EChart";
import { KeyValues } from "@/parts/KeyValues";
import classes from "./Dataset.module.css";
import { datasetTexts } from "./texts";

type Column = Schemas["ColumnFacts"];

type Bin = NonNullable<Column["histogram"]>[number];

/** What a bar stands for: of whole numbers the first and the last one, which may be the same. */
function rangeOf({ type }: Column, { from, to }: Bin, say: (value: number | string) => string): string {
  if (type !== "integer" || typeof from !== "number" || typeof to !== "number") return `${say(from)} – ${say(to)}`;
  return to - from <= 1 ? say(from) : `${say(from)} – ${say(to - 1)}`;
}

export function ColumnDetail({ column, target }: { column: Column; target: string | undefined }) {
  const t = useTexts(datasetTexts);
  const formats = useFormats();
  const shown = (value: number | string) => (typeof value === "number" ? formats.value(Number(value.toPrecision(5))) : value);
  const found = useMemo(() => {
    if (column.histogram?.length) return column.histogram.map((one) => ({ name: rangeOf(column, one, shown), count: one.count }));
    return (column.top ?? []).map((one) => ({ name: one.value || "–", count: one.count }));
  }, [column, formats]);
  const isTurned = !column.histogram?.length;
  const option = useMemo(() => {
    const names = { type: "category", data: found.map((one) => one.name), axisTick: { show: false }, axisLabel: { hideOverlap: true, width: 120, overflow: "truncate" }, inverse: isTurned };
    const counts = { type: "value", minInterval: 1, axisLabel: { hideOverlap: true, formatter: (value: number) => formats.integer(value) } };
    return {
      animation: false,
      grid: { left: 8, right: 18, top: 10, bottom: 6, containLabel: true },
      tooltip: { renderMode: "richText", confine: true, trigger: "item", formatter: ({ name, value }: { name: string; value: number }) => `${name}\n${formats.integer(value)}` },
      xAxis: isTurned ? counts : names,
      yAxis: isTurned ? names : counts,
      series: [{ type: "bar", barCategoryGap: isTurned ? "30%" : 1, barMaxWidth: 42, itemStyle: { color: "#1a8f96", borderRadius: 2 }, data: found.map((one) => one.count) }],
    };
  }, [found, isTurned, formats]);
  const groups = column.against_target?.groups ?? [];
  return (
    <div className={classes.details}>
      {found.length ? (
        <EChart title={t("distributionOf", { name: column.name })} option={option} height={isTurned ? Math.max(found.length * 24 + 30, 110) : 190} table={{ heads: [t("value"), t("rows")], rows: found.map((one) => [one.name, formats.integer(one.count)]) }} />
      ) : null}
      <section className="panel" aria-label={t("figures")}>
        <KeyValues
          items={[
            [t("count"), formats.integer(column.count)],
            [t("missing"), formats.integer(column.missing)],
            ...Object.entries(column.quantiles ?? {}).map(([at, value]) => [t("quantile", { share: formats.percent(Number(at) > 1 ? Number(at) / 100 : Number(at)) }), shown(value)] as const),
            [t("infinite"), column.infinite ? formats.integer(column.infinite) : null],
            [t("odd"), column.odd_values?.length ? column.odd_values.join(", ") : null],
          ]}
        />
      </section>
      {groups.length && target ? (
        <section className="panel" aria-label={t("against", { target })}>
          <header>
            <h2>{t("against", { target })}</h2>
          </header>
          <table className={classes.grid}>
            <thead>
              <tr>
                <th scope="col">{t("value")}</th>
                <th scope="col" data-number>
                  {t("rows")}
                </th>
                <th scope="col" data-number>
                  {groups.some((one) => one.mean !== undefined) ? t("mean") : t("shares")}
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((one) => (
                <tr key={one.value}>
                  <th scope="row">{one.value || "–"}</th>
                  <td data-number>{formats.integer(one.count)}</td>
                  <td data-number>
                    {one.mean !== undefined
                      ? shown(one.mean)
                      : Object.entries(one.shares ?? {})
                          .map(([name, share]) => `${name}: ${formats.percent(share)}`)
                          .join(" · ")}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </div>
  );
}
