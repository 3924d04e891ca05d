// Tags of a thing, as pairs in small frames.
import classes from "./Tags.module.css";

export function Tags({ tags }: { tags: Record<string, string> }) {
  return (
    <span className={classes.tags}>
      {Object.entries(tags).map(([key, value]) => (
        <span key={key} className={classes.tag}>
          <span>{key}</span>
          {value === "" ? null : <strong>{value}</strong>}
        </span>
      ))}
    </span>
  );
}
