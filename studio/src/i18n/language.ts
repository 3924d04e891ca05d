// Which language the page speaks: chosen in the header, remembered, else the browser's.
import { useSyncExternalStore } from "react";
import { remembered } from "@/api/remembered";

export const LANGUAGES = { en: "English", "pt-BR": "Português (Brasil)" } as const;
export type Language = keyof typeof LANGUAGES;

const listeners = new Set<() => void>();
let current: Language = first(remembered.get("language"), globalThis.navigator?.language ?? "en");
if (globalThis.document) document.documentElement.lang = current;

/** Return the language to begin with: what was chosen, else Portuguese for those whose browser speaks it. */
export function first(chosen: string | null, browser: string): Language {
  if (chosen && chosen in LANGUAGES) return chosen as Language;
  return browser.toLowerCase().startsWith("pt") ? "pt-BR" : "en";
}

export const languageNow = (): Language => current;

export function setLanguage(language: Language): void {
  current = language;
  remembered.set("language", language);
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

/** The language in force; the component is drawn again when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Return a function that makes a thing of each language once: those of `Intl` cost far more to make than to use. */
export function perLanguage<T>(make: (language: Language) => T): (language: Language) => T {
  const made = new Map<Language, T>();
  return (language) => {
    let found = made.get(language);
    if (found === undefined) made.set(language, (found = make(language)));
    return found;
  };
}
