// Texts in all languages, typed: a folder's `texts.ts` gives each key in each language, and a missing one does not compile.
import { type Language, perLanguage, useLanguage } from "./language";

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

const pluralsOf = perLanguage((language) => new Intl.PluralRules(language));
const numbersOf = perLanguage((language) => new Intl.NumberFormat(language));

/** Return a text with its values; numbers are written as the language writes them. */
export function say(language: Language, text: Text, values: Values = {}): string {
  const chosen =
    typeof text === "string" ? text : text[pluralsOf(language).select(Number(values.count)) === "one" ? "one" : "other"];
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbersOf(language).format(value) : value;
  });
}

/** `const t = useTexts(texts)`, then `t("title")` or `t("count", { count: 3 })`. */
export function useTexts<K extends string>(texts: Texts<K>): (key: K, values?: Values) => string {
  const language = useLanguage();
  const made = speakersOf(language);
  let speak = made.get(texts);
  if (!speak) made.set(texts, (speak = (key, values) => say(language, texts[language][key as K], values)));
  return speak;
}

/** One function for each set of texts, the same for all who use it: what is drawn with it need not be drawn again. */
const speakersOf = perLanguage(() => new WeakMap<object, (key: string, values?: Values) => string>());
