// The 3-D scatter of a sweep: three axes to choose, the primary metric as colour; says why when there is nothing to draw.
import { Link } from "@tanstack/react-router";
import { useId, useMemo, useState } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { ChartFrame } from "@/parts/ChartFrame";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { useUrlState } from "@/parts/urlState";
import { AxisPick, type ChartProps, useLook, useOpen, useTable } from "./Charts";
import { Cloud, HIGHEST, STEEP } from "./Cloud";
import { ends, type Look, ramp, shown } from "./options";
import { START, type View } from "./room";
import { colourAt, pointsOf, scaleOf, THREE, type Three, threeOf } from "./scales";
import classes from "./Sweep.module.css";
import { sweepTexts } from "./texts";
import { type Axis, type Trial, valueOn } from "./trials";
import { useLogged } from "./useLogged";

export function Scatter3d({ ws, name, isMinimized, ...given }: ChartProps) {
  const t = useTexts(sweepTexts);
  const look = useLook(isMinimized);
  const [search, change] = useUrlState();
  const [view, setView] = useState<View>(START);
  // Not only what the address names: where a sweep has few parameters, a logged metric is drawn without being asked for.
  const chosen = (all: readonly Axis[]) => [...THREE.map((key) => search[key]), ...(threeOf(all, search) ?? []).map((one) => one.id)];
  const { trials, axes, known, isNaming, isLoading, error, retry } = useLogged(ws, name, { ...given, chosen });
  const table = useTable(trials, known);
  const three = useMemo(() => threeOf(axes, search), [axes, search.x, search.y, search.z]);
  // An axis that another one has already changes places with it.
  const choose = (at: number, id: string) => {
    const held = three!.findIndex((one) => one.id === id);
    change(Object.fromEntries(THREE.map((key, index) => [key, index === at ? id : three![index === held ? at : index]!.id])));
  };
  const metric = axes.at(-1)!.title;
  const drawn = { ws, metric, trials, axes: known, look, view, onView: setView };
  return (
    <ChartFrame title={t("scatter3d")} table={table}>
      {error ? <ErrorNote error={error} onRetry={retry} /> : null}
      {three ? (
        <>
          <div className={classes.wide}>
            {THREE.map((key, at) => (
              <AxisPick key={key} label={key.toUpperCase()} axes={axes} value={three[at]!} onChange={(id) => choose(at, id)} />
            ))}
          </div>
          {isLoading ? <Waiting /> : error && three.some((one) => one.logged !== undefined && !one.isMetric) ? null : <Drawn {...drawn} three={three} />}
        </>
      ) : isNaming ? (
        <Waiting />
      ) : error ? null : (
        <EmptyState icon="chart" title={t("needThree")} text={t("onlyAxes", { names: look.formats.list(axes.map((one) => one.title)) })} />
      )}
    </ChartFrame>
  );
}

/** As high as what is drawn in its place when it is there, so that the page below stays where it is. */
const Waiting = () => (
  <div aria-busy="true">
    <div style={{ aspectRatio: 1 / STEEP, maxHeight: HIGHEST }} />
    <p className={classes.hint}>&nbsp;</p>
  </div>
);

interface DrawnProps {
  ws: string;
  metric: string;
  trials: readonly Trial[];
  axes: readonly Axis[];
  three: Three<Axis>;
  look: Look;
  view: View;
  onView(change: (view: View) => View): void;
}

function Drawn({ ws, metric, trials, axes, three, look, view, onView }: DrawnProps) {
  const t = useTexts(sweepTexts);
  const hint = useId();
  const open = useOpen(ws);
  const { scales, points, low, high, colours } = useMemo(() => {
    const scored = trials.filter((one) => one.value !== undefined);
    const made = three.map((axis) => scaleOf(scored, axis, look.formats)) as unknown as Three<ReturnType<typeof scaleOf>>;
    const found = pointsOf(scored, three, made);
    const between = ramp(look);
    return { ...found, scales: made, colours: found.points.map((one) => colourAt(one.tint, between)) };
  }, [trials, three, look]);
  if (!points.length) {
    const isScored = trials.some((one) => one.value !== undefined);
    return <EmptyState icon="chart" title={t("nonePlaced")} text={t(isScored ? "chooseOthers" : "noBest")} />;
  }
  const [x, y, z] = scales.map((one) => one.title) as [string, string, string];
  const [top, bottom] = ends(low, high, look);
  return (
    <>
      <Cloud
        title={t("scatter3dOf", { x, y, z, metric })}
        described={hint}
        scales={scales}
        points={points}
        colours={colours}
        view={view}
        onView={onView}
        onOpen={open}
        tip={(trial) => <TrialTip ws={ws} trial={trial} axes={axes} />}
        legend={
          <>
            <span>{top}</span>
            <span style={{ background: `linear-gradient(to top, ${ramp(look).join(", ")})` }} />
            <span>{bottom}</span>
          </>
        }
      />
      <p id={hint} className={`faint ${classes.hint}`}>
        {points.length < trials.length ? t("placedOf", { count: points.length, total: trials.length, metric }) : t("placed", { count: points.length })} {t(window.matchMedia("(pointer: coarse)").matches ? "touchHint" : "turnHint")}
      </p>
    </>
  );
}

function TrialTip({ ws, trial, axes }: { ws: string; trial: Trial; axes: readonly Axis[] }) {
  const formats = useFormats();
  const rows = [axes.at(-1)!, ...axes.slice(0, -1)].map((axis) => [axis, valueOn(trial, axis)] as const);
  return (
    <>
      <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: trial.name }} search={{}}>
        #{trial.trial} {trial.name}
      </Link>
      <dl>
        {rows.map(([axis, value]) => (
          <div key={axis.id} style={{ display: "contents" }}>
            <dt>{axis.title}</dt>
            <dd>{shown(value, formats)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
