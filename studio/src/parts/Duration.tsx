// How long something took, or takes: it counts on while there is no end.
import { useFormats } from "@/i18n/formats";
import { momentOf, useNow } from "./clock";

interface DurationProps {
  from: string | number | null | undefined;
  to?: string | number | null | undefined;
  /** False for what has not ended but does not run either. */
  isLive?: boolean;
}

export function Duration({ from, to, isLive = true }: DurationProps) {
  const formats = useFormats();
  const [start, end] = [momentOf(from), momentOf(to)];
  const now = useNow(start !== null && end === null && isLive);
  if (!start || (!end && !isLive)) return <span className="faint">–</span>;
  const seconds = Math.max(((end?.getTime() ?? now) - start.getTime()) / 1000, 0);
  return <span>{formats.duration(end ? seconds : Math.floor(seconds))}</span>;
}
