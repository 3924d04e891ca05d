// Facts about one thing, as pairs; those without a value are left out.
import type { ReactNode } from "react";
import classes from "./KeyValues.module.css";

export function KeyValues({ items }: { items: readonly (readonly [label: string, value: ReactNode])[] }) {
  const filled = items.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl className={classes.list}>
      {filled.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
