// Two texts, line by line: what went, what came; long stretches that are the same are left out.
import { useMemo } from "react";
import { useTexts } from "@/i18n/texts";
import classes from "./Diff.module.css";
import { type DiffLine, diffLines } from "./lineDiff";
import { partTexts } from "./texts";

const AROUND = 3;
const SIGNS = { same: " ", added: "+", removed: "−" } as const;

/** Return the lines near a change; null stands for a stretch that is left out. */
export function nearChanges(lines: readonly DiffLine[], around = AROUND): (DiffLine | null)[] {
  const isNear = lines.map(() => false);
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    isNear.fill(true, Math.max(index - around, 0), index + around + 1);
  });
  return lines.flatMap((line, index) => (isNear[index] ? [line] : index === 0 || isNear[index - 1] ? [null] : []));
}

export function Diff({ label, from, to }: { label: string; from: string; to: string }) {
  const t = useTexts(partTexts);
  const shown = useMemo(() => nearChanges(diffLines(from, to)), [from, to]);
  if (from === to) return <p className="faint">{t("noDifference")}</p>;
  return (
    <div className={classes.diff} role="group" aria-label={label} tabIndex={0}>
      {shown.map((line, index) =>
        line === null ? (
          <div key={index} className={classes.gap}>
            ⋯
          </div>
        ) : (
          <div key={index} className={classes.line} data-kind={line.kind}>
            <span className={classes.number}>{line.from ?? ""}</span>
            <span className={classes.number}>{line.to ?? ""}</span>
            <span>{SIGNS[line.kind]}</span>
            <span>{line.text}</span>
          </div>
        ),
      )}
    </div>
  );
}
