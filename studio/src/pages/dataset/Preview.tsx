// The beginning of a data asset: a table with the types of its columns, pictures, or text.
import { Button, Select } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CellRows } from "@/parts/CellRows";
import { CodeEditor } from "@/parts/CodeEditor";
import { ErrorNote } from "@/parts/ErrorNote";
import { previewOf } from "@/parts/fileKinds";
import { ImagePreview } from "@/parts/FileTree";
import { useUrlState } from "@/parts/urlState";
import classes from "./Dataset.module.css";
import { fileAddress, type VersionProps } from "./index";
import { isReadingSet, Reading, readingOf } from "./Reading";
import { datasetTexts } from "./texts";

const ROWS = 100;
const PICTURES = 24;

export function Preview(props: VersionProps) {
  const { ws, name, version } = props;
  const t = useTexts(datasetTexts);
  const [search, change] = useUrlState();
  const path = search.path;
  const reading = readingOf(search);
  const { data, error, refetch } = useQuery({
    queryKey: [...keys.asset(ws, "data", name), "preview", version, path ?? "", reading],
    queryFn: () => json<Schemas["Preview"]>(`${inWorkspace(ws, "data", name, "versions", version, "preview")}${query({ rows: ROWS, path, ...reading })}`),
    placeholderData: keepPreviousData,
  });
  if (error)
    return (
      <div className={classes.column}>
        {isReadingSet(search) ? <Reading /> : null}
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </div>
    );
  if (!data) return null;
  const back = path ? (
    <Button variant="default" size="compact-xs" onClick={() => change({ path: undefined })}>
      {t("allFiles")}
    </Button>
  ) : null;
  return (
    <div className={classes.column}>
      {data.note ? <p className="faint">{data.note}</p> : null}
      {data.form === "files" ? <Files {...props} files={data.files ?? []} /> : null}
      {data.delimiter || isReadingSet(search) ? <Reading /> : null}
      {data.form === "table" ? <Table data={data} back={back} /> : null}
      {data.form === "image" ? (
        <>
          {back}
          <ImagePreview path={data.path ?? name} address={fileAddress(props, data.path ?? "")} />
        </>
      ) : null}
      {data.form === "text" ? (
        <>
          {back}
          <CodeEditor label={data.path ?? name} value={data.text ?? ""} language={previewOf(data.path ?? "") === "json" ? "json" : "text"} height={560} />
          {data.truncated ? <p className="faint">{t("textCut")}</p> : null}
        </>
      ) : null}
    </div>
  );
}

function Table({ data, back }: { data: Schemas["Preview"]; back: React.ReactNode }) {
  const t = useTexts(datasetTexts);
  const formats = useFormats();
  const isNumber = data.columns.map((one) => one.type === "integer" || one.type === "number");
  const facts = [
    t("columns", { count: data.columns.length }),
    data.rows_total === undefined ? null : t("rowsInAll", { count: data.rows_total }),
    data.delimiter ? t("delimiter", { sign: data.delimiter === "\t" ? "tab" : data.delimiter }) : null,
    data.encoding ?? null,
    data.truncated ? t("firstRows", { count: data.rows.length }) : null,
  ].filter(Boolean);
  return (
    <section className="panel" aria-label={t("preview")}>
      <header>
        <span className="faint">{facts.join(" · ")}</span>
        {back}
      </header>
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.grid}>
          <thead>
            <tr>
              <th scope="col" className={classes.count}>
                #
              </th>
              {data.columns.map((one, index) => (
                <th key={index} scope="col" data-number={isNumber[index] || undefined}>
                  {one.name || "–"}
                  <small>{t(`type_${one.type}`)}</small>
                </th>
              ))}
            </tr>
          </thead>
          <CellRows
            rows={data.rows}
            isNumber={isNumber}
            head={(index) => (
              <th scope="row" className={classes.count}>
                {formats.integer(index + 1)}
              </th>
            )}
          />
        </table>
      </div>
    </section>
  );
}

function Files({ files, ...props }: VersionProps & { files: readonly { path: string; size: number }[] }) {
  const t = useTexts(datasetTexts);
  const [, change] = useUrlState();
  const [most, setMost] = useState(PICTURES);
  const pictures = files.filter((one) => previewOf(one.path) === "image");
  const others = files.filter((one) => previewOf(one.path) !== "none").map((one) => one.path);
  return (
    <>
      <Select aria-label={t("chooseFile")} placeholder={t("chooseFile")} w={420} maw="100%" searchable data={others} value={null} onChange={(path) => path && change({ path })} />
      {pictures.length ? (
        <>
          <ul className={classes.pictures}>
            {pictures.slice(0, most).map((one) => (
              <li key={one.path}>
                <button type="button" onClick={() => change({ path: one.path })} title={one.path}>
                  <ImagePreview path={one.path} address={fileAddress(props, one.path)} />
                  <span className="cut">{one.path}</span>
                </button>
              </li>
            ))}
          </ul>
          {pictures.length > most ? (
            <Button variant="default" style={{ justifySelf: "center" }} onClick={() => setMost(most + PICTURES * 2)}>
              {t("morePictures", { count: pictures.length - most })}
            </Button>
          ) : null}
        </>
      ) : null}
    </>
  );
}
