// The wizard of automated ML jobs: steps at the left, one at a time at the right; all choices outlive a reload.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { inWorkspace, json, type Schemas, send } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { forgetDraft, keepDraft, keptDraft } from "@/parts/drafts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { ShowCode } from "@/parts/ShowCode";
import { filled, type Search, useUrlState } from "@/parts/urlState";
import { useWorkspace } from "@/shell/workspace";
import classes from "./Automl.module.css";
import { canTrain } from "./checks/rails";
import { useCheck } from "./checks/useCheck";
import { DataStep, NEW_DATA } from "./DataStep";
import { useWizard, WizardContext } from "./form";
import { FormerJob } from "./FormerJob";
import { ReviewStep } from "./ReviewStep";
import { SettingsStep } from "./SettingsStep";
import { BasicsStep, ComputeStep, MethodStep } from "./SmallSteps";
import { Steps } from "./Steps";
import { automlTexts } from "./texts";
import { EMPTY, jobOf, problemsOf, type Step, STEPS, type Wizard, withData } from "./wizard";

const KIND = "automl";

export default function AutomlPage() {
  const ws = useWorkspace();
  return <Creating key={ws} ws={ws} />;
}

function Creating({ ws }: { ws: string }) {
  const [w, setW] = useState<Wizard>(() => ({ ...EMPTY, ...keptDraft<Partial<Wizard>>(KIND, ws) }));
  const [tried, setTried] = useState<ReadonlySet<Step>>(new Set());
  useEffect(() => keepDraft(KIND, ws, w), [ws, w]);
  const given = useGivenData(ws, setW);
  const check = useCheck(ws, w);
  const problems = useMemo(() => problemsOf(w), [w]);
  const change = useCallback((changes: Partial<Wizard> | ((before: Wizard) => Wizard)) => setW((before) => (typeof changes === "function" ? changes(before) : { ...before, ...changes })), []);
  const startOver = () => {
    forgetDraft(KIND, ws);
    forgetDraft(NEW_DATA, ws);
    setTried(new Set());
    setW(EMPTY);
  };
  return (
    <WizardContext value={{ ws, w, change, problems, tried, check }}>
      <FormerJob ws={ws} w={w} onChoices={setW} />
      {given.error ? <ErrorNote error={given.error} /> : null}
      <Frame tried={tried} setTried={setTried} onStartOver={startOver} />
    </WizardContext>
  );
}

/** Begin with the data asset that the address names (`?data=bike:2`), once. */
function useGivenData(ws: string, setW: (change: (before: Wizard) => Wizard) => void) {
  const [search, setSearch] = useUrlState();
  const [error, setError] = useState<unknown>(null);
  const [name, version] = (search.data ?? "").split(":");
  useEffect(() => {
    if (!name || !version) return;
    void json<Schemas["Data"]>(inWorkspace(ws, "data", name, "versions", version)).then(
      (found) => {
        setW((before) => withData(before, { name, version, type: found.type ?? "uri_file" }));
        setError(null);
        setSearch({ data: undefined });
      },
      (reason: unknown) => {
        setError(reason);
        setSearch({ data: undefined });
      },
    );
  }, [ws, name, version, setW, setSearch]);
  return { error };
}

interface FrameProps {
  tried: ReadonlySet<Step>;
  setTried(tried: ReadonlySet<Step>): void;
  onStartOver(): void;
}

function Frame({ tried, setTried, onStartOver }: FrameProps) {
  const t = useTexts(automlTexts);
  const navigate = useNavigate();
  const { ws, w, problems } = useWizard();
  const [search] = useUrlState();
  const step = STEPS.find((one) => one === search.step) ?? "method";
  const place = STEPS.indexOf(step);
  // A step is a place of its own: the browser's way back leads to the one before.
  const go = (next: Step) => void navigate({ to: ".", search: (before: Search) => filled({ ...before, step: next === "method" ? undefined : next }) });
  const leave = (next: Step) => {
    setTried(new Set([...tried, step]));
    if (STEPS.indexOf(next) <= place || !problems.some((one) => one.step === step)) go(next);
    else showFirst();
  };
  const body = useStepStart(step);
  const submission = useSubmission(() => {
    setTried(new Set(STEPS));
    const first = problems[0];
    if (first) {
      go(first.step);
      showFirst();
    }
  });
  const startOver = () => {
    onStartOver();
    go("method");
  };
  return (
    <Page
      title={t("title")}
      above={[
        <Link key="jobs" to="/workspaces/$ws/jobs" params={{ ws }} search={{}}>
          {t("jobs")}
        </Link>,
      ]}
      actions={
        <>
          <Button variant="default" onClick={startOver}>
            {t("startOver")}
          </Button>
          {step === "review" ? <Code /> : null}
        </>
      }
    >
      <div className={classes.layout}>
        <Steps step={step} tried={tried} problems={problems} onStep={leave} />
        <div ref={body} className={classes.step}>
          <StepBody step={step} onStep={go} />
          {submission.error ? <ErrorNote error={submission.error} /> : null}
          <div className={classes.buttons}>
            <Button variant="default" disabled={place === 0} onClick={() => go(STEPS[place - 1] ?? "method")}>
              {t("back")}
            </Button>
            <span>
              {step === "review" ? (
                <>
                  {problems.length ? <span className={classes.fault}>{t("notSubmitted")}</span> : null}
                  <Button leftSection={<Icon name="play" size={14} />} loading={submission.isBusy} disabled={!submission.isPossible} onClick={submission.submit}>
                    {t("submit")}
                  </Button>
                </>
              ) : w.isManual && step === "method" ? (
                <Button component={Link} to={`/workspaces/${encodeURIComponent(ws)}/jobs/create`}>
                  {t("toManual")}
                </Button>
              ) : (
                <Button onClick={() => leave(STEPS[place + 1] ?? "review")}>{t("next")}</Button>
              )}
            </span>
          </div>
        </div>
      </div>
    </Page>
  );
}

/** Begin every other step at its top, with the focus on its heading; or where something is missing, once it was tried. */
function useStepStart(step: Step): RefObject<HTMLDivElement | null> {
  const body = useRef<HTMLDivElement>(null);
  const before = useRef(step);
  useEffect(() => {
    if (before.current === step) return undefined;
    before.current = step;
    if (body.current?.querySelector('[aria-invalid="true"]')) return showFirst();
    document.getElementById("main")?.scrollTo({ top: 0 });
    const heading = body.current?.querySelector("h2");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    return undefined;
  }, [step]);
  return body;
}

function useSubmission(onProblems: () => void) {
  const navigate = useNavigate();
  const { ws, w, problems, check } = useWizard();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async () => {
    if (problems.length) return onProblems();
    setBusy(true);
    setError(null);
    try {
      const made = await send<{ name: string }>("POST", inWorkspace(ws, "jobs"), jobOf(w));
      forgetDraft(KIND, ws);
      await navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws, name: made.name }, search: {} });
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
    return undefined;
  };
  return { isBusy, error, isPossible: canTrain(check.data?.rails ?? []), submit: () => void submit() };
}

function StepBody({ step, onStep }: { step: Step; onStep(step: Step): void }): ReactNode {
  switch (step) {
    case "method":
      return <MethodStep />;
    case "basics":
      return <BasicsStep />;
    case "data":
      return <DataStep />;
    case "settings":
      return <SettingsStep />;
    case "compute":
      return <ComputeStep />;
    case "review":
      return <ReviewStep onStep={onStep} />;
  }
}

/** The job as command line, script and YAML, as the server writes it. */
function Code() {
  const { ws, w } = useWizard();
  const job = JSON.stringify(jobOf(w));
  const { data } = useQuery({ queryKey: ["ws", ws, "automl-code", job], queryFn: () => send<Schemas["JobDraft"]>("POST", inWorkspace(ws, "jobs", "draft"), { document: JSON.parse(job) }) });
  if (!data?.cli || !data.sdk) return null;
  return (
    <ShowCode
      samples={[
        { form: "CLI", text: data.cli },
        { form: "Python", text: data.sdk },
        { form: "YAML", text: data.yaml },
      ]}
    />
  );
}

/** Bring the first field with a problem into sight, once it is drawn. */
function showFirst(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>('[aria-invalid="true"]');
    field?.scrollIntoView({ block: "center" });
    field?.focus({ preventScroll: true });
  });
}
