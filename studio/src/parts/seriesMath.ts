// The arithmetic of line charts: smoothing, and series of different steps on one axis.

export interface Series {
  name: string;
  /** Ascending. */
  xs: ArrayLike<number>;
  ys: ArrayLike<number>;
}

/**
 * Exponential moving average that starts without a bias (as TensorBoard's): weight 0 leaves the values, near 1 flattens
 * them. Values that are no numbers stay gaps and move nothing.
 */
export function smoothed(ys: ArrayLike<number>, weight: number): number[] {
  let last = 0;
  let debias = 0;
  return Array.from(ys, (value) => {
    if (!Number.isFinite(value) || weight <= 0) return value;
    last = last * weight + (1 - weight) * value;
    debias = debias * weight + (1 - weight);
    return last / debias;
  });
}

/** Return all places of all series, ascending, and each series' values there; null where it has none. */
export function aligned(series: readonly Series[]): [xs: number[], ...ys: (number | null)[][]] {
  if (series.length === 1) return [Array.from(series[0]!.xs), Array.from(series[0]!.ys, orGap)];
  const xs = [...new Set(series.flatMap((one) => Array.from(one.xs)))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, index) => [x, index]));
  const ys = series.map((one) => {
    const values: (number | null)[] = new Array<number | null>(xs.length).fill(null);
    for (let index = 0; index < one.xs.length; index += 1) values[place.get(one.xs[index]!)!] = orGap(one.ys[index]!);
    return values;
  });
  return [xs, ...ys];
}

const orGap = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Colours that stay apart in both schemes and for most colour-blind eyes; the twelfth is followed by the first. */
export const SERIES_COLOURS = ["#1a8f96", "#e07b39", "#6a6fd1", "#c2456c", "#5b9a3c", "#b58900", "#2f7bbf", "#9a5fb8", "#7a7a7a", "#d1605e", "#3f8f6f", "#8c6d46"];

export const colourOf = (index: number): string => SERIES_COLOURS[index % SERIES_COLOURS.length]!;
