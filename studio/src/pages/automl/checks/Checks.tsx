// What was found in the data before the training, the gravest first, and how long it will take.
import { Button, Skeleton } from "@mantine/core";
import { ApiError } from "@/api/errors";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon, type IconName } from "@/parts/Icon";
import { Panel } from "@/parts/Panel";
import classes from "../Automl.module.css";
import { useWizard } from "../form";
import { withWord } from "../wizard";
import { byWeight, foundOf, type Rail, titleOf } from "./rails";
import { checkTexts } from "./texts";

const ICONS: Record<Rail["status"], IconName> = { passed: "check", done: "info", alerted: "warning", failed: "close" };

export function Checks() {
  const t = useTexts(checkTexts);
  const formats = useFormats();
  const { w, check } = useWizard();
  const { data, error, isFetching, refetch } = check;
  const rows = data?.rows;
  const more = isFetching ? <span className="faint">{t("checking")}</span> : rows === undefined ? null : <span className="faint">{data?.sampled ? t("ofSome", { rows: formats.integer(rows) }) : t("ofAll", { count: rows })}</span>;
  return (
    <Panel title={t("title")} more={<span role="status">{more}</span>}>
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {data?.state === "failed" && data.error ? <ErrorNote error={new ApiError(400, data.error.code, data.error.message)} /> : null}
      {!data && !error ? (
        <div className={classes.body}>{w.data ? <Skeleton height={120} radius={6} /> : <p className="faint">{t("needsTarget")}</p>}</div>
      ) : null}
      {data?.state === "ready" ? data.rails.length ? <Rails rails={data.rails} /> : <p className={`faint ${classes.body}`}>{t("needsTarget")}</p> : null}
    </Panel>
  );
}

/** What passed is one line that opens: it is what somebody else needs to see. */
function Rails({ rails }: { rails: readonly Rail[] }) {
  const t = useTexts(checkTexts);
  const sorted = byWeight(rails);
  const passed = sorted.filter((one) => one.status === "passed");
  return (
    <>
      <List rails={sorted.filter((one) => one.status !== "passed")} />
      {passed.length ? (
        <details className={classes.passed}>
          <summary>
            <Icon name="check" />
            {t("nothing", { count: passed.length })}
          </summary>
          <List rails={passed} />
        </details>
      ) : null}
    </>
  );
}

function List({ rails }: { rails: readonly Rail[] }) {
  const t = useTexts(checkTexts);
  const { w, change } = useWizard();
  const leaveOut = (name: string) => change({ types: withWord(w.types, name, "Ignore") });
  return (
    <ul className={classes.rails}>
      {rails.map((rail) => (
        <li key={rail.name} data-status={rail.status}>
          <Icon name={ICONS[rail.status]} />
          <strong>{titleOf(rail, t)}</strong>
          <small>{t(`status_${rail.status}`)}</small>
          <p>{foundOf(rail, t)}</p>
          {rail.reason === "tells" ? (
            <span className={classes.acts}>
              {rail.columns.map((name) => (
                <Button key={name} variant="default" size="compact-xs" onClick={() => leaveOut(name)}>
                  {t("leaveOut", { name })}
                </Button>
              ))}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** How long the training will take, in one line. */
export function Estimate() {
  const t = useTexts(checkTexts);
  const formats = useFormats();
  const { w, check } = useWizard();
  const found = check.data?.estimate;
  if (!found || !w.target) return null;
  const time = (seconds: number) => formats.duration(rounded(seconds)).replace(/ 0 s$/, "");
  return (
    <section className={`panel ${classes.estimate}`} aria-label={t("estimate")}>
      <strong>{t("estimate")}</strong>
      <span>{t("about", { time: time(found.total_s) })}</span>
      <span className="faint">{t("atMost", { time: time(found.most_s) })}</span>
      {found.environment === "ready" ? null : <span className="faint">{t("building")}</span>}
    </section>
  );
}

/** An estimate pretends no more than it knows: to 5 s below a minute, to 10 s above. */
const rounded = (seconds: number): number => (seconds < 60 ? Math.max(5, Math.round(seconds / 5) * 5) : Math.round(seconds / 10) * 10);
