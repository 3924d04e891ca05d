// How long ago something was; the exact time on hover and for machines.
import { useFormats } from "@/i18n/formats";
import { momentOf, useNow } from "./clock";

export function RelativeTime({ at }: { at: string | number | null | undefined }) {
  const formats = useFormats();
  const now = useNow();
  const moment = momentOf(at);
  if (!moment) return <span className="faint">–</span>;
  // A clock of the server that is a little ahead must not say "in 1 second".
  const shown = formats.relative(moment, new Date(Math.max(now, moment.getTime())));
  return (
    <time dateTime={moment.toISOString()} title={formats.dateTime(moment)}>
      {shown}
    </time>
  );
}
