// The server's messages in the page's language. It speaks English; of what it says, the forms that people meet are known.
import { useSyncExternalStore } from "react";
import type { ApiError } from "@/api/errors";
import { languageNow, useLanguage } from "@/i18n/language";

/** What one language has for the server's words. */
export interface Phrasebook {
  /** A sentence of the server's and ours; `{name}` stands for a value in both. */
  forms: readonly (readonly [string, string])[];
  /** What an error of a code is, where its sentence is not among the forms. `*` stands for any subject. */
  codes: Record<string, string>;
  /** Words that the server puts into its sentences. */
  words: Record<string, string>;
  /** Before words of the server's that stay as they are. */
  quoted: string;
}

/** Values that are words of the server's. */
const WORDS = new Set(["kind", "word", "value", "status", "state", "after", "rule"]);

type Form = readonly [RegExp, readonly string[], string];

/** Return what reads sentences of these forms: a text is translated as a whole or not at all. */
function makeReader({ forms, words }: Phrasebook): (text: string) => string | null {
  const known = forms.map(([theirs, ours]) => compiled(theirs, ours));
  const say = ([, names, ours]: Form, found: RegExpExecArray): string =>
    ours.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = found[names.indexOf(name) + 1] ?? "";
      // Only words of the server's: a job may be named as a state is.
      return WORDS.has(name) ? (words[value.toLowerCase()] ?? value) : value;
    });
  return (text) => {
    const said: string[] = [];
    let rest = text.trim();
    while (rest) {
      const fit = known.map((form) => [form, form[0].exec(rest)] as const).find(([, found]) => found !== null);
      if (!fit?.[1]) return null;
      const ours = say(fit[0], fit[1]);
      said.push(/^[A-Z]/.test(rest) ? ours.charAt(0).toUpperCase() + ours.slice(1) : ours);
      rest = rest.slice(fit[1][0].length).trimStart();
    }
    return said.join(" ");
  };
}

function compiled(theirs: string, ours: string): Form {
  const names: string[] = [];
  const source = theirs.split(/(`\{\w+\}`|\{\w+\})/).map((piece) => {
    const name = /^`?\{(\w+)\}`?$/.exec(piece)?.[1];
    if (!name) return piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    names.push(name);
    return piece.startsWith("`") ? "`([^`]*)`" : "(.+?)";
  });
  return [new RegExp(`^${source.join("")}(?=\\s|$)`), names, ours];
}


// Only who reads another language than the server's fetches its phrasebook.
let spoken: ServerWords | null = null;
let isAsked = false;
const listeners = new Set<() => void>();

async function fetchBook(): Promise<void> {
  if (isAsked) return;
  isAsked = true;
  const found = await import("./serverWords.pt").catch(() => null);
  isAsked = found !== null; // without it the server's own words stand; the next who needs it asks again
  if (!found) return;
  spoken = wordsOf(found.portuguese);
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (languageNow() !== "en") void fetchBook();
  return () => listeners.delete(listener);
}

export interface ServerWords {
  /** One message, translated where its form is known. */
  say(text: string): string;
  /** What an error says: translated, or what its code means with the server's words after it. */
  of(error: ApiError): string;
}

const AS_THEY_ARE: ServerWords = { say: (text) => text, of: (error) => error.message };

/** Return what writes the server's messages in the page's language. */
export function useServerWords(): ServerWords {
  const language = useLanguage();
  const known = useSyncExternalStore(listen, () => spoken);
  if (language === "en") return AS_THEY_ARE;
  if (!known) {
    void fetchBook();
    return AS_THEY_ARE;
  }
  return known;
}

/** Return the words of one phrasebook. */
export function wordsOf(book: Phrasebook): ServerWords {
  const read = makeReader(book);
  const say = (text: string) => {
    // A first line that says what happened may be followed by lines of a log.
    const [head = "", ...lines] = text.split("\n");
    return [read(head) ?? head, ...lines].join("\n");
  };
  return {
    say,
    of(error) {
      const problems = error.details.problems;
      if (Array.isArray(problems) && problems.length) {
        return (problems as { path: string; message: string }[]).map((one) => (one.path ? `${one.path}: ${say(one.message)}` : say(one.message))).join("\n");
      }
      const whole = read(error.message);
      if (whole !== null) return whole;
      const meaning = meaningOf(book, error);
      return meaning === null ? error.message : `${meaning} ${book.quoted} ${error.message}`;
    },
  };
}

function meaningOf({ codes, words }: Phrasebook, { code, details }: ApiError): string | null {
  const text = codes[code] ?? codes[`*.${code.split(".").at(-1) ?? ""}`] ?? codes[code.split(".")[0] ?? ""];
  if (text === undefined) return null;
  const kind = String(details.kind ?? "");
  return text.replace(/\{(\w+)\}/g, (_, name: string) => (name === "kind" ? (words[kind] ?? kind) : String(details[name] ?? ""))).replace(/\s+/g, " ").replace(/ ([:.])/g, "$1");
}
