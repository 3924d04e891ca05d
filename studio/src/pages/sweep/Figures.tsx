// The sweep in numbers: best trial, how many of which kind, how fast, and what can be done with it.
import { Button, Modal, NumberInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useNow } from "@/parts/clock";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import RegisterModel from "../job/RegisterModel";
import { shown } from "./options";
import classes from "./Sweep.module.css";
import { sweepTexts } from "./texts";
import { type Pace, paceOf, type Trial } from "./trials";

interface FiguresProps {
  ws: string;
  name: string;
  sweep: Schemas["SweepJob"];
  trials: readonly Trial[];
  best: Trial | undefined;
  isRunning: boolean;
}

export function Figures({ ws, name, sweep, trials, best, isRunning }: FiguresProps) {
  const t = useTexts(sweepTexts);
  const formats = useFormats();
  const now = useNow(isRunning);
  const total = sweep.limits?.max_total_trials ?? undefined;
  const pace = paceOf(trials, total, isRunning, now);
  const [dialog, setDialog] = useState<"register" | "add" | null>(null);
  const metric = sweep.objective?.primary_metric ?? "";
  const kinds = [
    pace.running ? t("runningCount", { count: pace.running }) : null,
    pace.waiting ? t("waitingCount", { count: pace.waiting }) : null,
    pace.stopped ? t("stoppedCount", { count: pace.stopped }) : null,
    pace.failed ? t("failedCount", { count: pace.failed }) : null,
  ].filter(Boolean);
  return (
    <section className="panel" aria-label={t("summary")}>
      <Progress pace={pace} total={total ?? trials.length} />
      <dl className={classes.figures} style={{ margin: 0 }}>
        <Figure label={t("bestValue", { metric })} value={best?.value === undefined ? "–" : formats.value(best.value)} note={best ? t("ofTrial", { trial: best.trial }) : null} />
        <Figure label={t("trialsEnded")} value={total ? t("ofTotal", { count: pace.ended, total }) : formats.integer(pace.ended)} note={kinds.join(" · ")} />
        <Figure
          label={isRunning ? t("timeLeft") : t("rate")}
          value={isRunning ? (pace.secondsLeft === undefined ? "–" : formats.duration(pace.secondsLeft)) : pace.perHour === undefined ? "–" : t("perHour", { count: rounded(pace.perHour) })}
          note={isRunning && pace.perHour !== undefined ? t("perHour", { count: rounded(pace.perHour) }) : null}
        />
        <Figure label={t("timeRunning")} value={formats.duration(pace.secondsRunning)} note={t("eachOne", { time: formats.duration(pace.secondsRunning / Math.max(trials.length, 1)) })} />
        <Figure label={t("timeWaiting")} value={formats.duration(pace.secondsWaiting)} note={t("eachOne", { time: formats.duration(pace.secondsWaiting / Math.max(trials.length, 1)) })} />
      </dl>
      <div className={classes.winner}>
        {best ? (
          <>
            <strong>
              {t("bestTrial")}{" "}
              <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: best.name }} search={{}}>
                {best.name}
              </Link>
            </strong>
            {Object.entries(best.parameters).map(([key, value]) => (
              <span key={key} className={classes.pair}>
                <span className="faint">{key}</span>
                <span>{shown(value, formats)}</span>
              </span>
            ))}
          </>
        ) : (
          <span className="faint">{t("noBest")}</span>
        )}
        <span>
          <Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={() => setDialog("add")}>
            {t("addTrials")}
          </Button>
          {best ? (
            <Button leftSection={<Icon name="models" size={14} />} onClick={() => setDialog("register")}>
              {t("registerBest")}
            </Button>
          ) : null}
        </span>
      </div>
      {dialog === "register" && best ? <RegisterModel ws={ws} job={best.name} onClose={() => setDialog(null)} /> : null}
      {dialog === "add" ? <AddTrials ws={ws} name={name} limits={sweep.limits ?? {}} made={trials.length} onClose={() => setDialog(null)} /> : null}
    </section>
  );
}

const rounded = (value: number) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));

function Figure({ label, value, note }: { label: string; value: ReactNode; note: ReactNode }) {
  return (
    <div className={classes.figure}>
      <dt>{label}</dt>
      <dd>
        <span>{value}</span>
        {note ? <small>{note}</small> : null}
      </dd>
    </div>
  );
}

function Progress({ pace, total }: { pace: Pace; total: number }) {
  const share = (count: number) => `${(count / Math.max(total, 1)) * 100}%`;
  return (
    <div className={classes.bar} aria-hidden="true">
      <span style={{ width: share(pace.ended - pace.failed - pace.stopped), background: "var(--b-good)" }} />
      <span style={{ width: share(pace.stopped), background: "var(--b-off)" }} />
      <span style={{ width: share(pace.failed), background: "var(--b-bad)" }} />
      <span style={{ width: share(pace.running), background: "var(--b-busy)" }} />
    </div>
  );
}

interface AddTrialsProps {
  ws: string;
  name: string;
  limits: { max_total_trials?: number | null; max_concurrent_trials?: number | null };
  made: number;
  onClose(): void;
}

function AddTrials({ ws, name, limits, made, onClose }: AddTrialsProps) {
  const t = useTexts(sweepTexts);
  const words = useTexts(partTexts);
  const [total, setTotal] = useState(Math.min((limits.max_total_trials ?? made) + 20, 1000));
  const [atOnce, setAtOnce] = useState<number | "">(limits.max_concurrent_trials ?? "");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await send("PATCH", inWorkspace(ws, "jobs", name), { limits: { max_total_trials: total, ...(atOnce === "" ? {} : { max_concurrent_trials: atOnce }) } });
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t("addTrials")} closeButtonProps={{ "aria-label": words("close") }}>
      <form style={{ display: "grid", gap: 12 }} onSubmit={(event) => void add(event)}>
        <p className="faint">{t("addTrialsText", { count: made })}</p>
        <NumberInput size="xs" label={t("totalTrials")} min={made + 1} max={1000} value={total} onChange={(next) => setTotal(Number(next) || made + 1)} data-autofocus />
        <NumberInput size="xs" label={t("atOnce")} min={1} value={atOnce} onChange={(next) => setAtOnce(next === "" ? "" : Number(next))} />
        {error ? <ErrorNote error={error} /> : null}
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8 }}>
          <Button variant="default" onClick={onClose}>
            {words("cancel")}
          </Button>
          <Button type="submit" loading={isBusy}>
            {t("addTrials")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
