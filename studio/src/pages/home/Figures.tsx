// The line of figures on top of the home page: jobs by where they stand, and how the machine is.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import classes from "./Home.module.css";
import type { Summary } from "./summary";
import { homeTexts } from "./texts";

const STATUSES = [
  ["running", "Running", "runs"],
  ["queued", "Queued", "queued"],
  ["failed", "Failed", "failures"],
] as const;

export function Figures({ ws, summary }: { ws: string; summary: Summary | undefined }) {
  const t = useTexts(homeTexts);
  const formats = useFormats();
  const machine = summary?.machine;
  const memory = usedOf(machine?.memory_total_bytes, machine?.memory_free_bytes);
  const disk = usedOf(machine?.disk_total_bytes, machine?.disk_free_bytes);
  return (
    <dl className={classes.figures}>
      <div className={`panel ${classes.figure}`}>
        <dt>{t("jobs")}</dt>
        <dd className={classes.counts}>
          {STATUSES.map(([key, status, word]) => (
            <Link key={key} to="/workspaces/$ws/jobs" params={{ ws }} search={{ filter: `status = '${status}'` }}>
              <strong>{summary ? formats.integer(summary.jobs[key]) : "–"}</strong>
              <span>{t(word)}</span>
            </Link>
          ))}
        </dd>
      </div>
      <Figure
        title={t("cores")}
        value={machine ? t("of", { used: machine.in_use, total: machine.cores }) : "–"}
        note={machine?.load === undefined ? "" : t("load", { load: formats.value(machine.load) })}
        share={machine ? machine.in_use / machine.cores : 0}
      />
      <Figure
        title={t("memory")}
        value={memory ? formats.percent(Math.round(memory.share * 100) / 100) : "–"}
        note={memory ? t("freeOf", { free: formats.bytes(memory.free), total: formats.bytes(memory.total) }) : ""}
        share={memory?.share ?? 0}
      />
      <Figure
        title={t("disk")}
        value={disk ? formats.percent(Math.round(disk.share * 100) / 100) : "–"}
        note={disk ? t("freeOf", { free: formats.bytes(disk.free), total: formats.bytes(disk.total) }) : ""}
        share={disk?.share ?? 0}
      />
    </dl>
  );
}

function usedOf(total: number | undefined, free: number | undefined) {
  return total && free !== undefined ? { total, free, share: (total - free) / total } : null;
}

const TIGHT = 0.9; // from there on work may fail for want of it

function Figure({ title, value, note, share }: { title: string; value: ReactNode; note: string; share: number }) {
  return (
    <div className={`panel ${classes.figure}`}>
      <dt>{title}</dt>
      <dd>
        <span className={classes.big}>{value}</span>
        <small title={note}>{note}</small>
      </dd>
      <dd className={classes.bar} data-tight={share >= TIGHT || undefined} aria-hidden="true">
        <span style={{ width: `${Math.min(share, 1) * 100}%` }} />
      </dd>
    </div>
  );
}
