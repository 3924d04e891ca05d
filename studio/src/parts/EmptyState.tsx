// Where there is nothing yet: what would be here, and how to make the first one.
import { type ReactNode, Suspense } from "react";
import type { Sample } from "./CodeSamples";
import classes from "./EmptyState.module.css";
import { Icon, type IconName } from "./Icon";
import { lazyOr, Nothing } from "./lazyOr";

// Most lists are not empty, and begin without it.
const CodeSamples = lazyOr(async () => ({ default: (await import("./CodeSamples")).CodeSamples }), Nothing);

interface EmptyStateProps {
  icon: IconName;
  title: string;
  text: string;
  samples?: readonly Sample[];
  action?: ReactNode;
}

export function EmptyState({ icon, title, text, samples, action }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <span className={classes.icon}>
        <Icon name={icon} size={26} />
      </span>
      <h2>{title}</h2>
      <p className="faint">{text}</p>
      {action}
      {samples ? (
        <div className={classes.samples}>
          <Suspense>
            <CodeSamples samples={samples} />
          </Suspense>
        </div>
      ) : null}
    </div>
  );
}
