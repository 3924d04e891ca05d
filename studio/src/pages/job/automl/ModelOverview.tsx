// One model that an AutoML job tried: what it is, how good, what it costs, what can be done with it.
import { Link } from "@tanstack/react-router";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { jobQuery } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CopyId } from "@/parts/CopyId";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { StatusBadge } from "@/parts/StatusBadge";
import { filesQuery, type JobFacts } from "../job";
import { jobTexts } from "../texts";
import classes from "./AutoML.module.css";
import { membersOf, MODEL_FILE, modelRunOf } from "./automl";
import { Headline } from "./Headline";
import { ModelActions } from "./ModelActions";
import { automlTexts } from "./texts";
import { useCandidates } from "./useCandidates";
import { useEngineWords } from "./words";

const NOT_SHOWN = new Set(["algorithm", "name", "folds", "members"]);

export function ModelOverview({ ws, name, job }: JobFacts) {
  const t = useTexts(automlTexts);
  const words = useTexts(jobTexts);
  const say = useEngineWords();
  const formats = useFormats();
  const { metrics, params } = loggedOf(job);
  const parent = job.parent_job_name ?? "";
  const above = useQuery({ ...jobQuery(ws, parent), enabled: parent !== "" }).data as JobFacts["job"] | undefined;
  const best = above ? modelRunOf(parent, above) : undefined;
  const hasModel = useQuery(filesQuery(ws, name)).data?.some((one) => one.path === MODEL_FILE) ?? false;
  const primary = job.tags?.["automl.primary_metric"] ?? "";
  const number = (key: string) => (typeof metrics[key] === "number" ? (metrics[key] as number) : undefined);
  const [score, error, test] = [number(primary), number(`${primary}_error`), number(`test_${primary}`)];
  const [fit, predict, size] = [number("automl_fit_seconds"), number("automl_predict_1000_seconds"), number("automl_size_bytes")];
  const members = membersOf(job.tags?.["automl.members"]);
  const target = (above as { target_column_name?: string } | undefined)?.target_column_name;
  const told = job.tags?.["automl.error"];
  return (
    <div className={classes.column}>
      <Panel title={params.name ?? t("model")} more={name === best ? <span className={classes.badge}>{t("bestBadge")}</span> : null}>
        <Headline algorithm={job.tags?.["automl.algorithm"] ?? ""} metric={primary} score={score} error={error} test={test} />
        {told ? <p className={`faint ${classes.note}`}>{say(told)}</p> : null}
        <div className={classes.acts}>
          <ModelActions ws={ws} run={name} title={above?.display_name && above.display_name !== parent ? above.display_name : (target ?? parent)} />
          {hasModel ? (
            <Button variant="default" component={Link} to="/workspaces/$ws/jobs/$name/$tab" params={{ ws, name, tab: "explanations" } as never} leftSection={<Icon name="chart" size={14} />}>
              {t("viewExplanation")}
            </Button>
          ) : best && best !== name ? (
            <>
              <span className="faint" style={{ alignSelf: "center" }}>
                {t("notKept")}
              </span>
              <Button variant="default" component={Link} to="/workspaces/$ws/jobs/$name" params={{ ws, name: best } as never}>
                {t("openBest")}
              </Button>
            </>
          ) : null}
        </div>
      </Panel>
      <div className={classes.pair}>
        <Panel title={words("facts")}>
          <KeyValues
            items={[
              [t("status"), <StatusBadge key="status" status={job.status ?? ""} />],
              [words("id"), <CopyId key="id" value={name} />],
              [
                t("ofJob"),
                <Link key="job" to="/workspaces/$ws/jobs/$name" params={{ ws, name: parent }}>
                  {above?.display_name ?? parent}
                </Link>,
              ],
              [t("number"), job.tags?.["automl.candidate"] ?? ""],
              [t("validated"), params.folds ? t("folds", { count: Number(params.folds) }) : null],
              [t("trained"), fit === undefined ? null : formats.duration(fit)],
              [t("predicts"), predict === undefined ? null : formats.duration(predict)],
              [t("size"), size === undefined ? null : formats.bytes(size)],
            ]}
          />
        </Panel>
        {members.length ? (
          <Panel title={t("members")} more={<span className="faint">{members.length}</span>}>
            <PlainTable
              label={t("members")}
              rows={members}
              rowKey={([member]) => member}
              columns={[
                { id: "name", title: t("name"), render: ([member]) => <Member ws={ws} job={parent} member={member} /> },
                { id: "weight", title: t("weight"), isNumber: true, render: ([, weight]) => formats.percent(weight) },
              ]}
            />
          </Panel>
        ) : (
          <Panel title={t("parameters")}>
            <KeyValues items={Object.entries(params).filter(([key]) => !NOT_SHOWN.has(key)).map(([key, value]) => [key, <span key={key} className="mono">{value}</span>] as const)} />
          </Panel>
        )}
      </div>
    </div>
  );
}

/** A member is called by its number and its name. */
function Member({ ws, job, member }: { ws: string; job: string; member: string }) {
  const number = Number.parseInt(member, 10);
  const run = useCandidates(ws, job).data?.find((one) => one.trial === number)?.name;
  if (!run) return <>{member}</>;
  return (
    <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: run }} search={{}}>
      {member}
    </Link>
  );
}

/** What a run logged comes with it, though no description of a job says so. */
export function loggedOf(job: JobFacts["job"]): { metrics: Record<string, unknown>; params: Record<string, string> } {
  const { metrics, params } = job as unknown as { metrics?: Record<string, unknown>; params?: Record<string, string> };
  return { metrics: metrics ?? {}, params: params ?? {} };
}
