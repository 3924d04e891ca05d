// Texts in all languages, typed: a folder's `texts.ts` gives each key in each language, and a missing one does not compile.
import { useMemo } from "react";
import { type Language, useLanguage } from "./language";

/** A text, or one for each plural form of `{count}`. `{name}` stands for a value. */
export type Text = string | { one: string; other: string };
export type Values = Record<string, string | number>;
export type Texts<K extends string> = Record<Language, Record<K, Text>>;

/** Declare the texts of a page or part. English decides which keys there are. */
export function defineTexts<K extends string>(texts: {
  en: Record<K, Text>;
  "pt-BR": Record<NoInfer<K>, Text>;
}): Texts<K> {
  return texts;
}

/** Return a text with its values; numbers are written as the language writes them. */
export function say(language: Language, text: Text, values: Values = {}): string {
  const chosen =
    typeof text === "string" ? text : text[new Intl.PluralRules(language).select(Number(values.count)) === "one" ? "one" : "other"];
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
  });
}

/** `const t = useTexts(texts)`, then `t("title")` or `t("count", { count: 3 })`. */
export function useTexts<K extends string>(texts: Texts<K>): (key: K, values?: Values) => string {
  const language = useLanguage();
  return useMemo(() => (key: K, values?: Values) => say(language, texts[language][key], values), [language, texts]);
}
