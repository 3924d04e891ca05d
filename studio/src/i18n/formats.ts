// Numbers, sizes, times and durations as each language writes them.
import { useMemo } from "react";
import { type Language, useLanguage } from "./language";

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
];

export type Formats = ReturnType<typeof formatsOf>;

/** Return the formats of a language. */
export function formatsOf(language: Language) {
  const plain = new Intl.NumberFormat(language);
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const seconds = (value: number, digits: number) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  return {
    integer: (value: number) => plain.format(Math.round(value)),
    percent: (share: number) => percent.format(share),
    /** A metric or parameter: six significant digits, with an exponent where zeros would hide them. */
    value(value: number): string {
      if (!Number.isFinite(value)) return String(value);
      const size = Math.abs(value);
      const notation = size !== 0 && (size < 1e-4 || size >= 1e9) ? "scientific" : "standard";
      return new Intl.NumberFormat(language, { maximumSignificantDigits: 6, notation }).format(value);
    },
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
      if (total < 1) return `${plain.format(Math.round(Math.max(total, 0) * 1000))} ms`;
      if (total < 59.95) return `${seconds(total, total < 9.95 && !Number.isInteger(total) ? 1 : 0)} s`;
      const whole = Math.round(total);
      const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
      return hours ? `${plain.format(hours)} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
    },
    dateTime: (at: Date) => exact.format(at),
    relative(at: Date, now: Date): string {
      let value = (at.getTime() - now.getTime()) / 1000;
      for (const [unit, size] of STEPS) {
        if (Math.abs(Math.round(value)) < size) return relative.format(Math.round(value), unit);
        value /= size;
      }
      return exact.format(at);
    },
  };
}

export function useFormats(): Formats {
  const language = useLanguage();
  return useMemo(() => formatsOf(language), [language]);
}
