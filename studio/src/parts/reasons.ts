// Why a job waits, in the page's language: the server gives its reasons in English, and their forms are few.
import { useTexts, type Values } from "@/i18n/texts";
import { useServerWords } from "./serverWords";
import { partTexts } from "./texts";

type Key = keyof (typeof partTexts)["en"];

const FORMS: readonly (readonly [RegExp, Key, (found: RegExpExecArray) => Values])[] = [
  [/^all (\d+) cores of this machine are busy$/, "whyMachine", (found) => ({ count: Number(found[1]) })],
  [
    /^all (\d+) cores of this machine are busy \(`([^`]+)` has (\d+)\)$/,
    "whyWide",
    (found) => ({ count: Number(found[1]), name: found[2]!, held: Number(found[3]) }),
  ],
  [
    /^all (\d+) cores of this machine are busy \(((?:`[^`]+` has \d+(?:, )?){2,})\)$/,
    "whySeveral",
    (found) => ({ count: Number(found[1]), names: found[2]!.replace(/`([^`]+)` has (\d+)/g, "$1 ($2)") }),
  ],
  [/^cluster `([^`]+)` has \d+ instance\(s\), all busy$/, "whyCluster", (found) => ({ name: found[1]! })],
  [/^building environment `([^`]+)`(?: \(.+\))?$/, "whyBuild", (found) => ({ name: found[1]! })],
  [/^attempt (\d+)$/, "whyAttempt", (found) => ({ count: Number(found[1]) })],
  [/^extended to (\d+) trials$/, "whyExtended", (found) => ({ count: Number(found[1]) })],
];

/** Return the text that says a reason; without a key it is shown as it is. */
export function reasonOf(reason: string): { key: Key | null; values: Values } {
  for (const [form, key, values] of FORMS) {
    const found = form.exec(reason);
    if (found) return { key, values: values(found) };
  }
  return { key: null, values: {} };
}

/** Return what writes a reason of the server's in the page's language. */
export function useReason(): (reason: string) => string {
  const t = useTexts(partTexts);
  const words = useServerWords();
  return (reason) => {
    const { key, values } = reasonOf(reason);
    return key ? t(key, values) : words.say(reason);
  };
}
