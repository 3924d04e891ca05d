// A status as a dot and a word: never by colour alone.
import { Tooltip } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { useReason } from "./reasons";
import classes from "./StatusBadge.module.css";
import { statusKey, statusTexts, toneOf } from "./statuses";

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
    <Tooltip label={say(reason)} multiline maw={360}>
      {badge}
    </Tooltip>
  ) : (
    badge
  );
}
