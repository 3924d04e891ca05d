// A column's distribution in the space of a line: bars of a histogram, or the shares of the most frequent values.
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import classes from "./Dataset.module.css";
import { datasetTexts } from "./texts";

const WIDTH = 150;
const HEIGHT = 28;

export function Distribution({ column }: { column: Schemas["ColumnFacts"] }) {
  const t = useTexts(datasetTexts);
  const formats = useFormats();
  const bars = column.histogram ?? [];
  if (bars.length) {
    const most = Math.max(...bars.map((one) => one.count), 1);
    const step = WIDTH / bars.length;
    return (
      <svg width={WIDTH} height={HEIGHT} role="img" aria-label={t("distributionOf", { name: column.name })} className={classes.bars}>
        {bars.map((one, index) => {
          const height = one.count ? Math.max((one.count / most) * (HEIGHT - 1), 1.5) : 0;
          return <rect key={index} x={index * step} y={HEIGHT - height} width={Math.max(step - 1, 1)} height={height} rx={1} />;
        })}
      </svg>
    );
  }
  const top = (column.top ?? []).slice(0, 4);
  if (!top.length) return null;
  const total = Math.max(column.count, 1);
  const rest = total - top.reduce((sum, one) => sum + one.count, 0);
  return (
    <span className={classes.shares} role="img" aria-label={t("distributionOf", { name: column.name })}>
      <span className={classes.stack}>
        {top.map((one) => (
          <span key={one.value} style={{ flexGrow: one.count }} />
        ))}
        {rest > 0 ? <span data-rest style={{ flexGrow: rest }} /> : null}
      </span>
      <small className="cut" title={top.map((one) => `${one.value} ${formats.percent(one.count / total)}`).join(", ")}>
        {top.map((one) => `${one.value} ${formats.percent(one.count / total)}`).join(", ")}
      </small>
    </span>
  );
}
