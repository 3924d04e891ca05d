// A choice of one among few that need a sentence each.
import { Icon, type IconName } from "@/parts/Icon";
import classes from "./Automl.module.css";

interface Card<T extends string> {
  id: T;
  icon: IconName;
  title: string;
  text: string;
}

interface CardsProps<T extends string> {
  label: string;
  cards: readonly Card<T>[];
  value: T | "";
  error?: string | undefined;
  onChange(value: T): void;
}

export function Cards<T extends string>({ label, cards, value, error, onChange }: CardsProps<T>) {
  return (
    <>
      <div role="radiogroup" aria-label={label} aria-invalid={error ? true : undefined} className={classes.cards}>
        {cards.map((one) => (
          <button key={one.id} type="button" role="radio" aria-checked={value === one.id} className={classes.card} onClick={() => onChange(one.id)}>
            <Icon name={one.icon} />
            <strong>{one.title}</strong>
            <span className="faint">{one.text}</span>
          </button>
        ))}
      </div>
      {error ? <p className={classes.fault}>{error}</p> : null}
    </>
  );
}
