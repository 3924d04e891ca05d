// How a job spent its time: one bar a phase, with the reason of each wait.
import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useNow } from "@/parts/clock";
import { ErrorNote } from "@/parts/ErrorNote";
import { useReason } from "@/parts/reasons";
import { timelineQuery } from "./job";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";

type Key = keyof (typeof jobTexts)["en"];
const TONES: Record<string, string> = { Queued: "waiting", Preparing: "preparing", Staging: "staging", Running: "running", Finalizing: "staging", Canceling: "off" };

export function Timeline({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const { data, error } = useQuery(timelineQuery(ws, name));
  return (
    <section className="panel" aria-label={t("timeline")}>
      <header>
        <h2>{t("timeline")}</h2>
        {data && data.attempts > 1 ? <span className="faint">{`${t("attempts")}: ${data.attempts}`}</span> : null}
      </header>
      {error ? <ErrorNote error={error} /> : null}
      {data ? <Bars phases={data.phases} /> : null}
    </section>
  );
}

function Bars({ phases }: { phases: readonly Schemas["Phase"][] }) {
  const t = useTexts(jobTexts);
  const formats = useFormats();
  const isLive = phases.some((one) => one.ended_at === undefined);
  const now = useNow(isLive);
  if (!phases.length) return <p className={classes.note}>{t("timelineEmpty")}</p>;
  const start = Date.parse(phases[0]!.started_at);
  const end = Math.max(...phases.map((one) => (one.ended_at ? Date.parse(one.ended_at) : now)));
  const whole = Math.max(end - start, 1);
  return (
    <div className={classes.phases}>
      {phases.map((one, index) => {
        const from = Date.parse(one.started_at);
        const to = one.ended_at ? Date.parse(one.ended_at) : Math.max(now, from);
        const key = `phase${one.phase}`;
        return (
          <div key={index} className={classes.phase}>
            <span className="cut">{key in jobTexts.en ? t(key as Key) : one.phase}</span>
            <span className={classes.track} aria-hidden="true">
              <span
                data-tone={TONES[one.phase] ?? "off"}
                data-live={one.ended_at === undefined || undefined}
                style={{ left: `${((from - start) / whole) * 100}%`, width: `max(3px, ${((to - from) / whole) * 100}%)` }}
              />
            </span>
            <span className="number">{formats.duration(one.ended_at ? (one.seconds ?? (to - from) / 1000) : Math.floor((to - from) / 1000))}</span>
            <Why reason={one.reason === "keeping outputs" ? "" : (one.reason ?? "")} />
          </div>
        );
      })}
      <div className={classes.phase} data-total>
        <span>{t("total")}</span>
        <span />
        <span className="number">{formats.duration(isLive ? Math.floor(whole / 1000) : whole / 1000)}</span>
        <span />
      </div>
    </div>
  );
}

function Why({ reason }: { reason: string }) {
  const words = useReason()(reason);
  return (
    <span className={classes.why} title={words}>
      {words}
    </span>
  );
}
