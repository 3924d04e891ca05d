// Numbers, sizes, times and durations as each language writes them.
import { perLanguage, useLanguage } from "./language";

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];

/** Return the formats of a language: always the same ones, for they are used in every cell of a table. */
export const formatsOf = perLanguage((language) => {
  const numbers = (options?: Intl.NumberFormatOptions) => lazily(() => new Intl.NumberFormat(language, options));
  const plain = numbers();
  const exact = lazily(() => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }));
  const relative = lazily(() => new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" }));
  const percent = numbers({ style: "percent", maximumFractionDigits: 1 });
  const tenths = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const standard = numbers({ maximumSignificantDigits: 6 });
  const scientific = numbers({ maximumSignificantDigits: 6, notation: "scientific" });
  // As many digits as a number holds that was rounded before.
  const [rounded, roundedScientific] = [numbers({ maximumSignificantDigits: 15 }), numbers({ maximumSignificantDigits: 15, notation: "scientific" })];
  const lists = lazily(() => new Intl.ListFormat(language));
  const hidesDigits = (of: number): boolean => of !== 0 && (Math.abs(of) < 1e-4 || Math.abs(of) >= 1e9);
  const value = (of: number): string => (Number.isFinite(of) ? (hidesDigits(of) ? scientific : standard)().format(of) : String(of));
  return {
    integer: (value: number) => plain().format(Math.round(value)),
    percent: (share: number) => percent().format(share),
    /** A metric or parameter: six significant digits, with an exponent where zeros would hide them. */
    value,
    /**
     * The same beside an axis or a bar: three significant digits, but all of those before the point, and so many that
     * numbers are told apart which are `step` from each other.
     */
    short(of: number, step = 0): string {
      if (!of || !Number.isFinite(of)) return value(of);
      const place = (one: number) => Math.floor(Math.log10(Math.abs(one)));
      const digits = Math.max(3, hidesDigits(of) ? 0 : place(of) + 1, step ? place(of) - place(step) + 1 : 0);
      return (hidesDigits(of) ? roundedScientific : rounded)().format(Number(of.toPrecision(Math.min(digits, 15))));
    },
    /** `a, b and c`. */
    list: (words: readonly string[]) => lists().format(words),
    bytes(value: number): string {
      const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), BYTE_UNITS.length - 1);
      const unit = BYTE_UNITS[power] ?? "byte";
      const maximumFractionDigits = power === 0 || value / 1000 ** power >= 100 ? 0 : 1;
      return new Intl.NumberFormat(language, {
        style: "unit",
        unit,
        unitDisplay: power === 0 ? "long" : "short",
        maximumFractionDigits,
      }).format(value / 1000 ** power);
    },
    duration(total: number): string {
      if (total < 1) return `${plain().format(Math.round(Math.max(total, 0) * 1000))} ms`;
      if (total < 59.95) return `${total < 9.95 && !Number.isInteger(total) ? tenths().format(total) : plain().format(Math.round(total))} s`;
      const whole = Math.round(total);
      const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
      return hours ? `${plain().format(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
    },
    dateTime: (at: Date) => exact().format(at),
    relative(at: Date, now: Date): string {
      let value = (at.getTime() - now.getTime()) / 1000;
      for (const [unit, size] of STEPS) {
        if (Math.abs(Math.round(value)) < size) return relative().format(Math.round(value), unit);
        value /= size;
      }
      return exact().format(at);
    },
  };
});

export type Formats = ReturnType<typeof formatsOf>;

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

export function useFormats(): Formats {
  return formatsOf(useLanguage());
}
