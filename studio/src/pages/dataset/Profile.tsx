// What each column looks like, and what it says about a chosen one.
import { Select } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { inWorkspace, json, query, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { previewOf } from "@/parts/fileKinds";
import { useUrlState } from "@/parts/urlState";
import { ColumnDetail } from "./ColumnDetail";
import classes from "./Dataset.module.css";
import { Distribution } from "./Distribution";
import { useFiles, type VersionProps } from "./index";
import { isReadingSet, Reading, readingOf } from "./Reading";
import { datasetTexts } from "./texts";

type Found = Schemas["Profile"];
type Column = Schemas["ColumnFacts"];

const WAIT_S = 50; // how long one question waits for a profile that is being computed
/** From here on a column says nearly all about the target. */
export const SUSPICIOUS = 0.95;

export function Profile(props: VersionProps) {
  const { ws, name, version } = props;
  const t = useTexts(datasetTexts);
  const words = useServerWords();
  const [search, change] = useUrlState();
  const { path, target } = search;
  const reading = readingOf(search);
  const files = useFiles(props);
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: [...keys.asset(ws, "data", name), "profile", version, path ?? "", target ?? "", reading],
    queryFn: ({ signal }) => profileOf(`${inWorkspace(ws, "data", name, "versions", version, "profile")}${query({ path, target, wait_s: WAIT_S, ...reading })}`, signal),
    placeholderData: keepPreviousData,
  });
  const tables = (files.data?.items ?? []).filter((one) => previewOf(one.path) === "table" || /\.(parquet|jsonl|ndjson|csv\.gz|tsv\.gz)$/.test(one.path)).map((one) => one.path);
  const choose =
    tables.length > 1 ? <Select aria-label={t("chooseFile")} placeholder={t("chooseFile")} w={300} searchable clearable data={tables} value={path ?? null} onChange={(next) => change({ path: next ?? undefined, target: undefined, column: undefined })} /> : null;
  if (error)
    return (
      <div className={classes.column}>
        {choose}
        {isReadingSet(search) ? <Reading /> : null}
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </div>
    );
  if (!data) return <EmptyState icon="chart" title={t("computing")} text={t("computingText")} />;
  if (data.state === "failed") {
    const action = isReadingSet(search) ? <Reading /> : choose;
    return <EmptyState icon="warning" title={t("noProfile")} text={words.say(data.error?.message ?? "")} action={action} />;
  }
  const columns = target ? [...data.columns].sort((a, b) => scoreOf(b) - scoreOf(a)) : data.columns;
  return (
    <div className={classes.column} aria-busy={isPlaceholderData}>
      <div className={classes.bar}>
        {choose}
        <Select
          aria-label={t("target")}
          w={240}
          searchable
          clearable
          placeholder={t("noTarget")}
          leftSection={<span className="faint">{t("target")}</span>}
          leftSectionWidth={62}
          data={data.columns.map((one) => one.name)}
          value={target ?? null}
          onChange={(next) => change({ target: next ?? undefined })}
        />
        <Facts data={data} />
      </div>
      {isReadingSet(search) ? <Reading /> : null}
      <Columns columns={columns} chosen={search.column} target={target} rows={data.rows ?? 0} onChoose={(column) => change({ column: search.column === column ? undefined : column })} />
    </div>
  );
}

/** Ask until the profile is there; the server answers at once when it is. */
async function profileOf(address: string, signal: AbortSignal): Promise<Found> {
  for (;;) {
    const found = await json<Found>(address, { signal });
    if (found.state !== "computing") return found;
  }
}

const scoreOf = (one: Column): number => (one.against_target ? Math.abs(one.against_target.score) : -1);

function Facts({ data }: { data: Found }) {
  const t = useTexts(datasetTexts);
  const words = [
    data.rows === undefined ? null : t(data.rows_estimated ? "rowsAbout" : "rowsInAll", { count: data.rows }),
    t("columns", { count: data.columns.length }),
    data.read === "blocks" ? t("readBlocks") : data.read === "head" ? t("readHead") : null,
    data.sampled && data.sample_rows ? t("sampled", { count: data.sample_rows }) : null,
    data.irregular_rows ? t("irregular", { count: data.irregular_rows }) : null,
    data.columns_left_out ? t("leftOut", { count: data.columns_left_out }) : null,
  ].filter(Boolean);
  return <span className="faint">{words.join(" · ")}</span>;
}

interface ColumnsProps {
  columns: readonly Column[];
  chosen: string | undefined;
  target: string | undefined;
  rows: number;
  onChoose(name: string): void;
}

function Columns({ columns, chosen, target, rows, onChoose }: ColumnsProps) {
  const t = useTexts(datasetTexts);
  const formats = useFormats();
  const shown = (value: number | string | undefined) => (typeof value === "number" ? formats.value(value) : (value ?? ""));
  return (
    <section className="panel" aria-label={t("profile")}>
      <div className={classes.scroll} tabIndex={0}>
        <table className={classes.grid}>
          <thead>
            <tr>
              <th scope="col">{t("column")}</th>
              <th scope="col">{t("distribution")}</th>
              {target ? (
                <th scope="col" data-number>
                  {t("score", { target })}
                </th>
              ) : null}
              {["missing", "distinct", "min", "median", "mean", "max", "std"].map((key) => (
                <th key={key} scope="col" data-number>
                  {t(key as "missing")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns.map((one) => (
              <Row key={one.name} isOpen={one.name === chosen} onToggle={() => onChoose(one.name)} span={target ? 10 : 9} detail={<ColumnDetail column={one} target={target} />}>
                <th scope="row">
                  <button type="button" className={classes.toggle} aria-expanded={one.name === chosen} onClick={() => onChoose(one.name)}>
                    <Icon name={one.name === chosen ? "down" : "right"} size={12} />
                    <span>
                      {one.name || "–"}
                      <small>{t(`type_${one.type}`)}</small>
                    </span>
                  </button>
                </th>
                <td>
                  <Distribution column={one} />
                </td>
                {target ? <td data-number>{one.name === target ? <span className="faint">{t("isTarget")}</span> : <Score column={one} />}</td> : null}
                <td data-number>{one.missing ? formats.percent(one.missing / Math.max(rows || one.count + one.missing, 1)) : <span className="faint">0</span>}</td>
                <td data-number>
                  {one.distinct_estimated ? "≈ " : ""}
                  {formats.integer(one.distinct)}
                </td>
                <td data-number>{shown(one.min)}</td>
                <td data-number>{shown(one.quantiles?.["0.5"] ?? one.quantiles?.["50"])}</td>
                <td data-number>{shown(one.mean)}</td>
                <td data-number>{shown(one.max)}</td>
                <td data-number>{shown(one.std)}</td>
              </Row>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ isOpen, span, detail, children }: { isOpen: boolean; onToggle(): void; span: number; detail: React.ReactNode; children: React.ReactNode }) {
  return (
    <>
      <tr data-open={isOpen || undefined}>{children}</tr>
      {isOpen ? (
        <tr>
          <td colSpan={span} className={classes.detail}>
            {detail}
          </td>
        </tr>
      ) : null}
    </>
  );
}

function Score({ column }: { column: Column }) {
  const t = useTexts(datasetTexts);
  const formats = useFormats();
  const found = column.against_target;
  if (!found) return null;
  const share = Math.min(Math.abs(found.score), 1);
  const isSuspicious = share >= SUSPICIOUS;
  return (
    <span className={classes.score} title={`${t(found.kind)}${isSuspicious ? ` – ${t("leak")}` : ""}`} data-suspicious={isSuspicious || undefined}>
      <span className={classes.track} aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {formats.value(Number(found.score.toPrecision(3)))}
      {isSuspicious ? <Icon name="warning" size={13} /> : null}
    </span>
  );
}
