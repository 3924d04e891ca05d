// Jobs as columns, everything that was logged as lines; only what is in sight is drawn, in both directions.
import { ActionIcon, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useMemo, useRef } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Duration } from "@/parts/Duration";
import { Icon } from "@/parts/Icon";
import { metricNumber } from "@/parts/metricValue";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { isFinal } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { jobsTexts } from "../jobs/texts";
import classes from "./Compare.module.css";
import { type Compared, type ComparedJob, type Line, linesOf } from "./compared";
import { compareTexts } from "./texts";

const LINE = 30;
const HEAD = 52;
const KEY = 230;
const CELL = 168;

interface ComparedTableProps {
  ws: string;
  data: Compared;
  onRemove(name: string): void;
}

export function ComparedTable({ ws, data, onRemove }: ComparedTableProps) {
  const t = useTexts(compareTexts);
  const [search, change] = useUrlState();
  const isOnly = search.only === "1";
  const lines = useMemo(() => linesOf(data, isOnly), [data, isOnly]);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => LINE, overscan: 8, paddingStart: HEAD, scrollPaddingStart: HEAD });
  const columns = useVirtualizer({ count: data.jobs.length, horizontal: true, getScrollElement: () => box.current, estimateSize: () => CELL, overscan: 3, paddingStart: KEY });
  const width = columns.getTotalSize();
  const inSight = columns.getVirtualItems();
  return (
    <section className={classes.whole} aria-label={t("table")}>
      <div className={classes.tools}>
        <Switch label={t("onlyDiffering")} checked={isOnly} onChange={(event) => change({ only: event.currentTarget.checked ? "1" : undefined })} />
        <span className={classes.legend}>
          <span className={classes.mark} aria-hidden="true" /> {t("marked")}
        </span>
      </div>
      {lines.length === 0 ? <p className={classes.note}>{t("nothingDiffers")}</p> : null}
      <div ref={box} className={classes.box} role="table" aria-label={t("table")} aria-rowcount={lines.length + 1} aria-colcount={data.jobs.length + 1} tabIndex={0}>
        <div role="row" className={classes.heads} style={{ width, height: HEAD }} aria-rowindex={1}>
          <div role="columnheader" className={classes.key} style={{ width: KEY }}>
            {t("key")}
          </div>
          {inSight.map((place) => {
            const job = data.jobs[place.index]!;
            return (
              <div key={job.name} role="columnheader" aria-colindex={place.index + 2} className={classes.head} style={{ left: place.start, width: CELL }}>
                <span className={classes.jobLine}>
                  <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: job.name }} className="cut" title={job.display_name || job.name}>
                    {job.display_name || job.name}
                  </Link>
                  {data.jobs.length > 1 ? (
                    <ActionIcon size="xs" aria-label={t("removeJob", { name: job.display_name || job.name })} onClick={() => onRemove(job.name)}>
                      <Icon name="close" size={11} />
                    </ActionIcon>
                  ) : null}
                </span>
                <span className={`${classes.id} cut`}>{job.name}</span>
              </div>
            );
          })}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize() - HEAD, width, position: "relative" }}>
          {rows.getVirtualItems().map((place) => {
            const line = lines[place.index]!;
            return (
              <div key={place.index} role="row" aria-rowindex={place.index + 2} className={classes.line} data-kind={line.kind} data-differs={("isDiffering" in line && line.isDiffering) || undefined} style={{ top: place.start - HEAD, height: LINE, width }}>
                <div role="rowheader" className={classes.key} style={{ width: KEY }} title={line.kind === "title" ? undefined : line.key}>
                  <span className="cut">{line.kind === "title" ? t(line.of) : line.kind === "fact" ? t(line.key) : line.key}</span>
                  {line.kind === "title" ? <span className="faint">{line.count}</span> : null}
                </div>
                {line.kind === "title"
                  ? null
                  : inSight.map((column) => {
                      const job = data.jobs[column.index]!;
                      return (
                        <div key={job.name} role="cell" aria-colindex={column.index + 2} className={classes.cell} data-number={line.kind === "metrics" || undefined} style={{ left: column.start, width: CELL }}>
                          <Value line={line} job={job} />
                        </div>
                      );
                    })}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Value({ line, job }: { line: Exclude<Line, { kind: "title" }>; job: ComparedJob }): ReactNode {
  const formats = useFormats();
  const types = useTexts(jobsTexts);
  if (line.kind === "metrics") {
    const value = job.metrics[line.key];
    return value === undefined ? <span className="faint">–</span> : formats.value(metricNumber(value));
  }
  if (line.kind !== "fact") {
    const value = job[line.kind][line.key];
    return value === undefined ? <span className="faint">–</span> : <span className="cut" title={value}>{value}</span>;
  }
  if (line.key === "status") return <StatusBadge status={job.status} />;
  if (line.key === "created") return <RelativeTime at={job.created_at} />;
  if (line.key === "duration") return <Duration from={job.started_at} to={job.ended_at} isLive={!isFinal(job.status)} />;
  const text = line.key === "experiment" ? job.experiment_name : types(job.type === "sweep" ? "typeSweep" : job.type === "automl" ? "typeAutoml" : job.type === "base" ? "typeBase" : "typeCommand");
  return <span className="cut" title={text}>{text}</span>;
}
