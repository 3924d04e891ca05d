// Numbers as people type them: with a decimal comma where the language has one.
import type { Language } from "./language";

/**
 * Return the number that a text means; undefined for an empty one, NaN for what is none.
 * Portuguese takes `0,085`, `1.500,5` and, where a point cannot be one of thousands, `0.085` too.
 */
export function parseNumber(text: string, language: Language): number | undefined {
  const plain = text.replace(/[\s\u00a0]/g, "");
  if (plain === "") return undefined;
  const [decimal, group] = language === "pt-BR" ? [",", "."] : [".", ","];
  return Number(/^[+-]?[1-9]/.test(plain) ? point(plain, decimal, group) : small(plain, decimal));
}

/** A number that may have groups of thousands. */
function point(text: string, decimal: string, group: string): string {
  const [whole = "", ...rest] = text.split(decimal);
  const isGrouped = new RegExp(`^[+-]?\\d{1,3}(\\${group}\\d{3})+$`).test(whole);
  return [isGrouped ? whole.replaceAll(group, "") : whole, ...rest].join(".");
}

/** A number below 1, or one that begins with its sign for decimals: no thousands in it. */
function small(text: string, decimal: string): string {
  return decimal === "," && !text.includes(".") ? text.replace(",", ".") : text;
}

/** Return a number as the language writes it, without groups: what `parseNumber` reads again. */
export function writtenNumber(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 12 }).format(value);
}
