// A sweep's trials as the charts and the table look at them; pure functions, cheap for a thousand of them.

export interface Trial {
  name: string;
  trial: number;
  status: string;
  parameters: Record<string, unknown>;
  value?: number;
  /** Latest values of other metrics, as far as they were asked for. */
  logged?: Record<string, number>;
  latest?: number;
  seconds_waiting: number;
  seconds_running?: number;
  created_at: string;
  started_at?: string;
  ended_at?: string;
  early_termination?: { policy: string; interval: number; value: number; limit: number; reason: string };
  error?: string;
}

export interface Axis {
  /** How the address names it: by the parameter's name, `value` for the primary metric, `metrics.…` for another one. */
  id: string;
  title: string;
  isMetric: boolean;
  /** Of a parameter: its name. */
  parameter?: string;
  /** Of a metric: its key. */
  logged?: string;
  /** Of an axis of words: all of them, in order. */
  words?: string[];
  isLog?: boolean;
}

export const METRIC = "value";
const FINAL = new Set(["Completed", "Failed", "Canceled"]);
const LOG_SPREAD = 200; // from so many times on, a linear axis would show a heap at its end

/** Return a trial's value on an axis; undefined where it has none. */
export function valueOn(trial: Trial, axis: Axis): number | string | undefined {
  if (axis.isMetric) return trial.value;
  if (axis.logged !== undefined) return trial.logged?.[axis.logged];
  const found = axis.parameter === undefined ? undefined : trial.parameters[axis.parameter];
  if (found === undefined || found === null) return undefined;
  return axis.words ? String(found) : Number(found);
}

const isNumber = (value: unknown): boolean => typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)));

/** Return the axes of a sweep: its parameters in the order of the search space, the metric last. */
export function axesOf(trials: readonly Trial[], order: readonly string[], metric: string): Axis[] {
  const names = new Set(order);
  for (const one of trials) for (const name of Object.keys(one.parameters)) names.add(name);
  const axes = [...names].flatMap((name): Axis[] => {
    const values = trials.map((one) => one.parameters[name]).filter((one) => one !== undefined && one !== null);
    if (!values.length) return [];
    const axis = { id: parameterId(name), title: name, isMetric: false, parameter: name };
    if (!values.every(isNumber)) return [{ ...axis, words: [...new Set(values.map(String))].sort() }];
    return [{ ...axis, ...spread(values.map(Number)) }];
  });
  return [...axes, { id: METRIC, title: metricTitle(metric, axes), isMetric: true, logged: metric }];
}

/** Its name; another word for one that is called as a metric is. */
const parameterId = (name: string): string => (name === METRIC || /^(metrics|params)\./.test(name) ? `params.${name}` : name);

/** The metric's key; marked as long as a parameter is called so. */
const metricTitle = (key: string, axes: readonly Axis[]): string => (axes.some((one) => one.parameter === key) ? metricTitle(loggedId(key), axes) : key);

function spread(values: readonly number[]): { isLog?: true } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low >= LOG_SPREAD ? { isLog: true } : {};
}

/** How the address names the axis of a logged metric that is not the primary one. */
export const loggedId = (key: string): string => `metrics.${key}`;

/**
 * Return trials and axes with further logged metrics; the primary one stays the last axis. `values`: those asked for so
 * far, by trial; an axis whose values are not there yet has none.
 */
export function withLogged(trials: readonly Trial[], axes: readonly Axis[], keys: readonly string[], values: ReadonlyMap<string, Record<string, number>>) {
  const found = values.size ? trials.map((one): Trial => ({ ...one, logged: values.get(one.name) ?? {} })) : trials;
  const further = keys.map((key): Axis => ({ id: loggedId(key), title: metricTitle(key, axes), isMetric: false, logged: key, ...spread(found.flatMap((one) => one.logged?.[key] ?? [])) }));
  return { trials: found, axes: [...axes.slice(0, -1), ...further, axes.at(-1)!] };
}

/** Return the best trial: a completed one if any has a value, the earlier of two that are alike. */
export function bestOf(trials: readonly Trial[], isMinimized: boolean): Trial | undefined {
  const scored = trials.filter((one) => one.value !== undefined);
  const completed = scored.filter((one) => one.status === "Completed");
  const sign = isMinimized ? 1 : -1;
  let best: Trial | undefined;
  for (const one of completed.length ? completed : scored) {
    if (!best || sign * one.value! < sign * best.value!) best = one;
  }
  return best;
}

/** Return the best value up to each trial, in the order of the trials. */
export function bestSoFar(trials: readonly Trial[], isMinimized: boolean): { trial: number; best: number }[] {
  let best: number | undefined;
  return [...trials]
    .filter((one) => one.value !== undefined)
    .sort((a, b) => a.trial - b.trial)
    .map((one) => {
      best = best === undefined ? one.value! : isMinimized ? Math.min(best, one.value!) : Math.max(best, one.value!);
      return { trial: one.trial, best };
    });
}

export interface Pace {
  ended: number;
  running: number;
  waiting: number;
  failed: number;
  stopped: number;
  /** Trials an hour, once two have ended. */
  perHour?: number;
  /** How long it will take at this pace. */
  secondsLeft?: number;
  secondsWaiting: number;
  secondsRunning: number;
}

/** Return how far a sweep is, and how fast. `now` in milliseconds. */
export function paceOf(trials: readonly Trial[], total: number | undefined, isRunning: boolean, now: number): Pace {
  const count = (fits: (one: Trial) => boolean) => trials.reduce((sum, one) => sum + (fits(one) ? 1 : 0), 0);
  const ended = count((one) => FINAL.has(one.status));
  const pace: Pace = {
    ended,
    running: count((one) => Boolean(one.started_at) && !FINAL.has(one.status)),
    waiting: count((one) => !one.started_at && !FINAL.has(one.status)),
    failed: count((one) => one.status === "Failed"),
    stopped: count((one) => one.early_termination !== undefined),
    secondsWaiting: trials.reduce((sum, one) => sum + one.seconds_waiting, 0),
    secondsRunning: trials.reduce((sum, one) => sum + (one.seconds_running ?? 0), 0),
  };
  const starts = trials.flatMap((one) => (one.started_at ? [Date.parse(one.started_at)] : []));
  const ends = trials.flatMap((one) => (one.ended_at ? [Date.parse(one.ended_at)] : []));
  if (ended < 2 || !starts.length) return pace;
  const seconds = ((isRunning ? now : Math.max(...ends)) - Math.min(...starts)) / 1000;
  if (seconds <= 0) return pace;
  pace.perHour = (ended / seconds) * 3600;
  if (isRunning && total !== undefined) pace.secondsLeft = ((total - ended) / ended) * seconds;
  return pace;
}

// ---------------------------------------------------------------- what the brush leaves

/** Ranges on an axis: of values, or of places in the list of words. */
export type Brush = Record<string, [number, number][]>;

/** Return the trials that lie in a range of every brushed axis. */
export function brushed(trials: readonly Trial[], axes: readonly Axis[], brush: Brush): readonly Trial[] {
  const active = axes.filter((axis) => brush[axis.id]?.length);
  if (!active.length) return trials;
  return trials.filter((one) =>
    active.every((axis) => {
      const value = valueOn(one, axis);
      if (value === undefined) return false;
      const place = axis.words ? axis.words.indexOf(String(value)) : Number(value);
      return brush[axis.id]!.some(([low, high]) => place >= low && place <= high);
    }),
  );
}

/** `depth:3..8,max_features:0..1`, as the address holds it. */
export function brushWord(brush: Brush): string | undefined {
  const round = (value: number) => String(Number(value.toPrecision(5)));
  const words = Object.entries(brush).flatMap(([id, ranges]) => ranges.map(([low, high]) => `${encodeURIComponent(id)}:${round(low)}..${round(high)}`));
  return words.length ? words.join(",") : undefined;
}

export function parseBrush(word: string | undefined): Brush {
  const brush: Brush = {};
  for (const part of (word ?? "").split(",")) {
    const found = /^([^:]+):(-?[\d.eE+-]+?)\.\.(-?[\d.eE+-]+)$/.exec(part);
    if (!found) continue;
    const [low, high] = [Number(found[2]), Number(found[3])];
    const id = decodeURIComponent(found[1]!);
    if (Number.isFinite(low) && Number.isFinite(high)) brush[id] = [...(brush[id] ?? []), [low, high]];
  }
  return brush;
}

// ---------------------------------------------------------------- the table's order

export type Key<T = Trial> = (one: T) => number | string | undefined;

/** Return the trials in an order; those without a value come last in both directions. */
export function sorted<T extends { trial: number }>(trials: readonly T[], key: Key<T>, isDescending: boolean): readonly T[] {
  const sign = isDescending ? -1 : 1;
  return [...trials].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || a.trial - b.trial;
    if (typeof x === "number" && typeof y === "number") return sign * (x - y) || a.trial - b.trial;
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true }) || a.trial - b.trial;
  });
}
