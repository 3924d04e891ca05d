// The first rows of a table, as they will be read.
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CellRows } from "@/parts/CellRows";
import { useServerWords } from "@/parts/serverWords";
import classes from "./Automl.module.css";
import { automlTexts } from "./texts";

export function PreviewTable({ data }: { data: Schemas["Preview"] }) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const words = useServerWords();
  const isNumber = data.columns.map((one) => one.type === "integer" || one.type === "number" || one.type === "id");
  const rows = data.rows.slice(0, 8);
  const files = /^The first of (\d+) files/.exec(data.note ?? "");
  return (
    <>
      <div className={classes.grid} role="group" aria-label={t("preview")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {data.columns.map((one, index) => (
                <th key={index} scope="col" data-number={isNumber[index] || undefined}>
                  {one.name || "–"}
                </th>
              ))}
            </tr>
          </thead>
          <CellRows rows={rows} isNumber={isNumber} />
        </table>
      </div>
      <p className="faint">
        {data.rows_total === undefined ? t("firstRowsOnly", { count: rows.length }) : t("firstRows", { count: rows.length, total: formats.integer(data.rows_total) })}
        {" · "}
        {t("columns", { count: data.columns.length })}
        {files ? ` · ${t("firstFile", { count: Number(files[1]) })}` : ""}
      </p>
      {data.note && !files ? (
        <p className={classes.fault} role="alert">
          {words.say(data.note)}
        </p>
      ) : null}
    </>
  );
}
