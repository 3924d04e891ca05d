// Lines of a unified diff with their numbers on both sides; null stands for what is left out between two hunks.
import type { DiffLine } from "./lineDiff";

export type UnifiedLine = DiffLine;

export function unifiedLines(diff: string): (UnifiedLine | null)[] {
  const found: (UnifiedLine | null)[] = [];
  let [from, to] = [0, 0];
  let isInside = false;
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      if (isInside || Number(hunk[1]) > 1) found.push(null);
      [from, to] = [Number(hunk[1]), Number(hunk[2])];
      isInside = true;
    } else if (isInside && line.startsWith("+")) found.push({ kind: "added", text: line.slice(1), to: to++ });
    else if (isInside && line.startsWith("-")) found.push({ kind: "removed", text: line.slice(1), from: from++ });
    else if (isInside && line.startsWith(" ")) found.push({ kind: "same", text: line.slice(1), from: from++, to: to++ });
    else if (isInside && line.startsWith("…")) found.push(null);
  }
  return found;
}
