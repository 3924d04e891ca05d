// Class probabilities in an answer, in the forms in which image models and classifiers give them. No drawing.

/** What a model says of one row of the request. */
export interface Judged {
  /** The decision: the answer's own where it has one, else the likeliest class. */
  label: string;
  /** The likeliest first. */
  classes: { name: string; share: number }[];
}

/**
 * Return the class probabilities of each row; null when the answer holds none.
 *
 * Known: Azure AutoML's `[{"probs": […], "labels": […]}]` (also `probabilities`), `[{"cat": 0.9, "dog": 0.1}]`, and
 * `predict_proba`'s `[[0.1, 0.9]]`; each also below `predictions` or `Results`.
 */
export function probabilitiesOf(body: string): Judged[] | null {
  let found: unknown;
  try {
    found = JSON.parse(body);
  } catch {
    return null;
  }
  const rows = isObject(found) ? (found.predictions ?? found.Results ?? [found]) : found;
  if (!Array.isArray(rows) || !rows.length) return null;
  const judged = rows.map(judgedOf);
  return judged.every((one) => one !== null) ? judged : null;
}

function judgedOf(row: unknown): Judged | null {
  if (Array.isArray(row)) return judged(row.map((share, index) => [String(index), share]));
  if (!isObject(row)) return null;
  const shares = row.probs ?? row.probabilities;
  if (Array.isArray(shares)) {
    const names = Array.isArray(row.labels) && row.labels.length === shares.length ? row.labels.map(String) : shares.map((_, index) => String(index));
    return judged(shares.map((share: unknown, index) => [names[index] ?? "", share]), row.label ?? row.predicted_label);
  }
  return judged(Object.entries(isObject(shares) ? shares : row), isObject(shares) ? row.label : undefined);
}

function judged(shares: (readonly [string, unknown])[], label?: unknown): Judged | null {
  const isShare = (one: unknown): one is number => typeof one === "number" && one >= 0 && one <= 1;
  const classes = shares.flatMap(([name, share]) => (isShare(share) ? [{ name, share }] : []));
  const total = classes.reduce((sum, one) => sum + one.share, 0);
  // Numbers that sum to one and are each a share are probabilities; two of them at least, or anything called 1 would be.
  if (classes.length < 2 || classes.length !== shares.length || Math.abs(total - 1) > 0.01) return null;
  const order = [...classes].sort((one, other) => other.share - one.share);
  return { label: typeof label === "string" || typeof label === "number" ? String(label) : (order[0]?.name ?? ""), classes: order };
}

const isObject = (one: unknown): one is Record<string, unknown> => one !== null && typeof one === "object" && !Array.isArray(one);
