// A unified diff as the server makes it, drawn as the page draws differences.
import classes from "./Diff.module.css";
import { type UnifiedLine, unifiedLines } from "./unified";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;

export function UnifiedDiff({ label, diff }: { label: string; diff: string }) {
  return (
    <div className={classes.diff} role="group" aria-label={label} tabIndex={0}>
      {unifiedLines(diff).map((line: UnifiedLine | null, index) =>
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
