// What was found about the data before the first model and what was done about it; beside it the types of the columns.
import { useQuery } from "@tanstack/react-query";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon, type IconName } from "@/parts/Icon";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { isFinal } from "@/parts/statuses";
import { filesQuery, type JobFacts } from "../job";
import classes from "./AutoML.module.css";
import { cellText, type ColumnType, FILES, type GuardRail, jsonFileQuery } from "./automl";
import { automlTexts } from "./texts";
import { useEngineWords } from "./words";

const ICONS: Record<GuardRail["status"], IconName> = { passed: "check", done: "info", alerted: "warning" };
const WEIGHT = ["alerted", "done", "passed"];

export function Guardrails({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const say = useEngineWords();
  const { data: files, error } = useQuery(filesQuery(ws, name));
  const rails = useQuery(jsonFileQuery<GuardRail[]>(ws, name, FILES.rails, files));
  const columns = useQuery(jsonFileQuery<ColumnType[]>(ws, name, FILES.columns, files));
  if (error ?? rails.error) return <ErrorNote error={error ?? rails.error} />;
  if (rails.data === undefined) return null;
  if (rails.data === null) return <EmptyState icon="info" title={t("noRails")} text={t(isFinal(job.status ?? "") ? "noRailsEver" : "noRailsText")} />;
  const sorted = [...rails.data].sort((a, b) => WEIGHT.indexOf(a.status) - WEIGHT.indexOf(b.status));
  return (
    <div className={`${classes.column} ${classes.wrap}`}>
      <Panel title={t("guardrails")} more={<span className="faint">{sorted.length}</span>}>
        <PlainTable
          label={t("guardrails")}
          rows={sorted}
          rowKey={(one) => one.name}
          columns={[
            {
              id: "status",
              title: t("status"),
              width: 120,
              render: (one) => (
                <span className={classes.rail} data-status={one.status}>
                  <Icon name={ICONS[one.status]} size={15} /> {t(`status_${one.status}`)}
                </span>
              ),
            },
            { id: "check", title: t("check"), width: 190, render: (one) => <strong>{say(one.name)}</strong> },
            { id: "found", title: t("found"), render: (one) => <Words text={say(one.found)} /> },
            { id: "done", title: t("done"), render: (one) => <Words text={say(one.done)} /> },
          ]}
        />
      </Panel>
      {columns.data?.length ? <Columns columns={columns.data} /> : null}
    </div>
  );
}

/** The engine writes names between back quotes. */
export function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>;
}

function Columns({ columns }: { columns: readonly ColumnType[] }) {
  const t = useTexts(automlTexts);
  const say = useEngineWords();
  const formats = useFormats();
  const date = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
  const range = ({ kind, lowest, highest, levels }: ColumnType) => {
    if (lowest !== null && highest !== null) return [lowest, highest].map((one) => (kind === "date" ? date(one) : cellText(one, formats.value))).join(" – ");
    return levels.slice(0, 6).join(", ") + (levels.length > 6 ? " …" : "");
  };
  return (
    <Panel title={t("columns")} more={<span className="faint">{columns.length}</span>}>
      <PlainTable
        label={t("columns")}
        height={420}
        rows={columns}
        rowKey={(one) => one.name}
        columns={[
          { id: "name", title: t("column"), render: (one) => <code>{one.name}</code> },
          { id: "kind", title: t("type"), render: (one) => kindOf(one.kind, t) },
          { id: "why", title: t("why"), render: (one) => <Words text={say(one.reason)} /> },
          { id: "missing", title: t("missing"), isNumber: true, render: (one) => formats.integer(one.missing) },
          { id: "distinct", title: t("distinct"), isNumber: true, render: (one) => formats.integer(one.distinct) },
          { id: "range", title: t("range"), render: range },
        ]}
      />
    </Panel>
  );
}

type Key = keyof (typeof automlTexts)["en"];

export function kindOf(kind: string, t: (key: Key) => string): string {
  const key = `kind_${kind}`;
  return key in automlTexts.en ? t(key as Key) : kind;
}
