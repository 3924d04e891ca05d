// What differs between two texts, line by line: Myers' greedy algorithm ("An O(ND) Difference Algorithm", 1986).

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  /** Numbers of the line in the first and the second text. */
  from?: number;
  to?: number;
}

const MOST_EDITS = 4000; // beyond, the texts have little in common: a finer answer helps nobody and takes seconds

/** Return the lines of both texts in one order. Equal texts give only `same`. */
export function diffLines(first: string, second: string): DiffLine[] {
  const [a, b] = [first.split("\n"), second.split("\n")];
  const trace = forward(a, b);
  return trace === null ? wholesale(a, b) : backward(a, b, trace);
}

/** Return the furthest places of each round, or null when there are too many edits. */
function forward(a: readonly string[], b: readonly string[]): Map<number, number>[] | null {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= Math.min(a.length + b.length, MOST_EDITS); edits += 1) {
    trace.push(new Map(furthest));
    for (let k = -edits; k <= edits; k += 2) {
      let x = goesDown(furthest, k, edits) ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

const goesDown = (furthest: Map<number, number>, k: number, edits: number): boolean =>
  k === -edits || (k !== edits && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));

function backward(a: readonly string[], b: readonly string[], trace: readonly Map<number, number>[]): DiffLine[] {
  const lines: DiffLine[] = [];
  let [x, y] = [a.length, b.length];
  const same = () => {
    lines.push({ kind: "same", text: a[x - 1]!, from: x, to: y });
    x -= 1;
    y -= 1;
  };
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits]!;
    const k = x - y;
    const before = goesDown(furthest, k, edits) ? k + 1 : k - 1;
    const [wasX, wasY] = [furthest.get(before) ?? 0, (furthest.get(before) ?? 0) - before];
    while (x > wasX && y > wasY && x > 0 && y > 0) same();
    if (edits === 0) break;
    if (x === wasX) lines.push({ kind: "added", text: b[y - 1]!, to: y });
    else lines.push({ kind: "removed", text: a[x - 1]!, from: x });
    [x, y] = [wasX, wasY];
  }
  return lines.reverse();
}

function wholesale(a: readonly string[], b: readonly string[]): DiffLine[] {
  return [
    ...a.map((text, index): DiffLine => ({ kind: "removed", text, from: index + 1 })),
    ...b.map((text, index): DiffLine => ({ kind: "added", text, to: index + 1 })),
  ];
}
