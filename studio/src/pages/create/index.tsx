// A new job: a form and its YAML side by side, both of one document; `?from=JOB` begins with another job's.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import { Basics } from "./Basics";
import classes from "./Create.module.css";
import { asKind, type Doc, type JobKind, kindOf, type Path, type Problem } from "./document";
import { EnvironmentField } from "./EnvironmentField";
import { FormContext } from "./form";
import { formerJob } from "./formerJob";
import { Inputs } from "./Inputs";
import { Outputs } from "./Outputs";
import { forget, kept, keep } from "./keep";
import { Objective, SearchSpace } from "./SweepFields";
import { createTexts } from "./texts";
import { type Draft, useDraft } from "./useDraft";
import { Views } from "./Views";
import { Work } from "./Work";

export default function CreateJobPage() {
  const t = useTexts(createTexts);
  const ws = useWorkspace();
  const [search] = useUrlState();
  const from = search.from;
  const former = useQuery({ queryKey: ["ws", ws, "former", from], queryFn: () => formerJob(ws, from ?? ""), enabled: Boolean(from), gcTime: 0, retry: false });
  const above = [
    <Link key="jobs" to="/workspaces/$ws/jobs" params={{ ws }}>
      {t("jobs")}
    </Link>,
  ];
  if (from && !former.data)
    return (
      <Page title={t("title")} above={above}>
        {former.error ? <ErrorNote error={former.error} onRetry={() => void former.refetch()} /> : <p className="faint">{t("loading")}</p>}
      </Page>
    );
  if (from && former.data?.type === "automl") return <Navigate to="/workspaces/$ws/jobs/create/automl" params={{ ws }} search={{ from, step: "review" }} replace />;
  return <Creating key={`${ws} ${from ?? ""}`} ws={ws} from={from} start={former.data ?? startOf(ws, search.kind)} above={above} />;
}

function startOf(ws: string, kind: string | undefined): Doc {
  const before = kept(ws) ?? { type: "command" };
  return kind === "sweep" || kind === "command" ? asKind(before, kind as JobKind) : before;
}

interface CreatingProps {
  ws: string;
  from: string | undefined;
  start: Doc;
  above: React.ReactNode[];
}

function Creating({ ws, from, start, above }: CreatingProps) {
  const t = useTexts(createTexts);
  const navigate = useNavigate();
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [isTried, setTried] = useState(Boolean(from));
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const onChange = useCallback((document: Doc) => (from ? undefined : keep(ws, document)), [ws, from]);
  const draft = useDraft(ws, start, onChange);
  const noted: Draft = useMemo(
    () => ({
      ...draft,
      set: (path: Path, value: unknown) => {
        setTouched((before) => (before.has(path.join(".")) ? before : new Set([...before, path.join(".")])));
        draft.set(path, value);
      },
    }),
    [draft],
  );
  const submit = async () => {
    setTried(true);
    setBusy(true);
    setError(null);
    try {
      const { document, problems } = await draft.settled();
      if (problems.length) return showFirst();
      const { $schema: _schema, ...body } = document;
      const made = await send<{ name: string }>("POST", inWorkspace(ws, "jobs"), body);
      forget(ws);
      await navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: made.name }, search: {} });
    } catch (reason) {
      const found = problemsOf(reason);
      if (found.length) {
        draft.report(found);
        showFirst();
      } else setError(reason);
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  const kind = kindOf(draft.document);
  return (
    <FormContext value={{ ws, draft: noted, touched, isTried }}>
      <Page
        title={from ? t("again") : t("title")}
        above={above}
        actions={
          <>
            {from ? null : (
              <Button
                variant="default"
                onClick={() => {
                  setTried(false);
                  setTouched(new Set());
                  draft.setDocument({ type: kind });
                }}
              >
                {t("startOver")}
              </Button>
            )}
            <Button leftSection={<Icon name="play" size={14} />} loading={isBusy} onClick={() => void submit()}>
              {t("submit")}
            </Button>
          </>
        }
      >
        {from ? <p className="faint">{t("againText", { name: from })}</p> : null}
        {error ? <ErrorNote error={error} /> : null}
        <div className={classes.split}>
          <div className={classes.form}>
            <Basics />
            <Work />
            <EnvironmentField />
            <Inputs />
            {kind === "sweep" ? (
              <>
                <SearchSpace />
                <Objective />
              </>
            ) : null}
            <Outputs />
          </div>
          <Views draft={draft} />
        </div>
      </Page>
    </FormContext>
  );
}

/** Return the problems that a refusal names; none when it names no field. */
function problemsOf(reason: unknown): Problem[] {
  const found = reason instanceof ApiError ? reason.details.problems : undefined;
  return Array.isArray(found) ? (found as Problem[]).map((one) => ({ path: one.path, message: one.message })) : [];
}

/** Bring the first field with a problem into sight, once it is drawn. */
function showFirst(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>('[aria-invalid="true"]');
    field?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  });
}
