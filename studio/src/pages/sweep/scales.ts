// The axes of the 3-D scatter: which three, how far they reach, where on them a trial is, and its colour. No drawing.
import type { Formats } from "@/i18n/formats";
import { cut, extent } from "./options";
import type { Place } from "./room";
import { type Axis, type Trial, valueOn } from "./trials";

export interface Scale {
  title: string;
  /** `share`: from 0 at the axis' beginning to 1 at its end. */
  ticks: readonly { share: number; text: string }[];
  share(value: number | string): number;
}

export interface Point {
  trial: Trial;
  place: Place;
  /** From 0 for the lowest value of the primary metric to 1 for the highest; in the middle where all have one value. */
  tint: number;
}

export type Three<T> = readonly [T, T, T];
export const THREE = ["x", "y", "z"] as const;

/** Return the three axes: what the address names, the primary metric upright, the rest in their order; undefined without three. */
export function threeOf(axes: readonly Axis[], named: Readonly<Record<string, string | undefined>>): Three<Axis> | undefined {
  if (axes.length < 3) return undefined;
  const left = [...axes];
  const take = (fits: (one: Axis) => boolean): Axis | undefined => {
    const found = left.findIndex(fits);
    return found < 0 ? undefined : left.splice(found, 1)[0];
  };
  const asked = THREE.map((key) => take((one) => one.id === named[key]));
  const z = asked[2] ?? take((one) => one.isMetric);
  const [x, y] = [asked[0] ?? left.shift()!, asked[1] ?? left.shift()!];
  return [x, y, z ?? left.shift()!];
}

/** Return the axis of some trials, to round numbers around their values; words stand evenly, none at an end. */
export function scaleOf(trials: readonly Trial[], axis: Axis, formats: Formats): Scale {
  const { title, words } = axis;
  if (words) {
    const share = (value: number | string) => (words.indexOf(String(value)) + 0.5) / words.length;
    return { title, share, ticks: words.map((word) => ({ share: share(word), text: cut(word, 14) })) };
  }
  const values = trials.map((one) => Number(valueOn(one, axis) ?? NaN)).filter(Number.isFinite);
  const { at, marks, ends } = axis.isLog ? logarithmic(values) : linear(values);
  const [low, high] = ends;
  const share = (value: number | string) => (at(Number(value)) - low) / (high - low);
  const step = marks.length > 1 ? marks[1]! - marks[0]! : 0;
  return { title, share, ticks: marks.map((one) => ({ share: share(one), text: step ? formats.short(one, step) : formats.value(one) })) };
}

interface Reach {
  at(value: number): number;
  marks: readonly number[];
  ends: [number, number];
}

// Numbers closer than this are one number to an axis: sums like 0.1 + 0.2 differ from what they stand for by less.
const ALIKE = 1e-12;

const isOne = (low: number, high: number): boolean => high - low <= ALIKE * Math.max(Math.abs(low), Math.abs(high));

function linear(values: readonly number[]): Reach {
  const [low, high] = extent(values);
  const at = (value: number) => value;
  if (isOne(low, high)) return { at, marks: [low], ends: [low - (Math.abs(low) || 1), low + (Math.abs(low) || 1)] };
  const step = Math.max(roundStep((high - low) / 4), values.every(Number.isInteger) ? 1 : 0);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return { at, marks: Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step), ends: [first * step, last * step] };
}

/** Return the smallest of 1, 2, 5, 10, 20 … that is not below a step. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10);
}

const MOST_POWERS = 6;

function logarithmic(values: readonly number[]): Reach {
  const at = Math.log10;
  const [low, high] = extent(values.map(at));
  const ends = extent(values);
  if (values.length && isOne(...ends)) return { at, marks: [ends[0]], ends: [low - 0.5, low + 0.5] };
  const [first, last] = [Math.ceil(low), Math.floor(high)];
  const every = Math.ceil((last - first + 1) / MOST_POWERS);
  // One power of ten alone does not tell how long the axis is: the lowest and the highest value do.
  const marks = first < last ? Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => Number(`1e${first + index * every}`)) : ends;
  const margin = (high - low) * 0.04;
  return { at, marks, ends: [low - margin, high + margin] };
}

/** Return the trials that have the primary metric and a value on each axis. */
export function pointsOf(trials: readonly Trial[], axes: Three<Axis>, scales: Three<Scale>): { points: readonly Point[]; low: number; high: number } {
  const placed = trials.flatMap((trial) => {
    const place = axes.map((axis, index) => {
      const value = valueOn(trial, axis);
      return value === undefined ? NaN : scales[index]!.share(value);
    });
    return trial.value !== undefined && place.every(Number.isFinite) ? [{ trial, place: place as unknown as Place, value: trial.value }] : [];
  });
  const [low, high] = extent(placed.map((one) => one.value));
  return { low, high, points: placed.map(({ trial, place, value }) => ({ trial, place, tint: isOne(low, high) ? 0.5 : (value - low) / (high - low) })) };
}

/** Return the colour at a share of the way along some colours (`#rrggbb`). */
export function colourAt(tint: number, colours: readonly string[]): string {
  const way = Math.min(Math.max(tint, 0), 1) * (colours.length - 1);
  const [from, to] = [colours[Math.floor(way)]!, colours[Math.ceil(way)]!];
  const mixed = [1, 3, 5].map((at) => {
    const [a, b] = [from, to].map((one) => Number.parseInt(one.slice(at, at + 2), 16)) as [number, number];
    return Math.round(a + (b - a) * (way % 1));
  });
  return `rgb(${mixed.join(", ")})`;
}
