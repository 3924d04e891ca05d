// A status as a dot and a word: never by colour alone.
import { type ReactElement, Suspense } from "react";
import { useTexts } from "@/i18n/texts";
import { lazyOr } from "./lazyOr";
import { useReason } from "./reasons";
import classes from "./StatusBadge.module.css";
import { statusKey, statusTexts, toneOf } from "./statuses";

// Few badges have one, and none needs it to be drawn.
const Hint = lazyOr(() => import("./Hint"), PlainHint);

function PlainHint({ label, children }: { label: string; children: ReactElement }) {
  return <span title={label}>{children}</span>;
}

/** `reason` says why it waits or failed; it is shown on hover and focus. */
export function StatusBadge({ status, reason }: { status: string; reason?: string | undefined }) {
  const t = useTexts(statusTexts);
  const say = useReason();
  const key = statusKey(status);
  const badge = (
    <span className={classes.badge} data-tone={toneOf(status)} data-status={status}>
      <span className={classes.dot} aria-hidden="true" />
      {key ? t(key) : status}
    </span>
  );
  return reason ? (
    <Suspense fallback={badge}>
      <Hint label={say(reason)}>{badge}</Hint>
    </Suspense>
  ) : (
    badge
  );
}
