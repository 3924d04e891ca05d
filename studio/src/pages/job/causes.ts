// What probably went wrong, read from the last words of a job that failed.
import type { jobTexts } from "./texts";

type Key = keyof (typeof jobTexts)["en"];

export interface Failure {
  /** The first line: what happened. */
  headline: string;
  /** The lines of the log that the message ends with. */
  lines: string;
  cause: { key: Key; name: string } | null;
}

const RULES: readonly (readonly [RegExp, Key])[] = [
  [/(?:ModuleNotFoundError: No module named|ImportError: No module named) '?([\w.-]+)'?/, "causeModule"],
  [/(?:FileNotFoundError|NotADirectoryError):.*?(?:'([^'\n]+)'|No such file[^:'\n]*: ?([^'\s]+))/, "causeFile"],
  [/MemoryError|Cannot allocate memory|out of memory|killed by signal 9|SIGKILL/i, "causeMemory"],
  [/unrecognized arguments|the following arguments are required|invalid choice:/, "causeArguments"],
  [/SyntaxError|IndentationError|TabError/, "causeSyntax"],
  [/KeyError: '?([^'\n]+)'?/, "causeColumn"],
  [/ConnectionError|Connection refused|Name or service not known|Temporary failure in name resolution|URLError/, "causeConnection"],
  [/ValueError:/, "causeValue"],
];

/** Return what a job's error says, taken apart. */
export function failureOf(error: { message?: unknown; code?: unknown; reason?: unknown }): Failure {
  const message = String(error.message ?? error.code ?? "");
  const at = message.indexOf("\n");
  const headline = (at < 0 ? message : message.slice(0, at)).replace(/ ?Its last lines:$/, "");
  const lines = at < 0 ? "" : dedented(message.slice(at + 1));
  if (String(error.code ?? "").startsWith("environment")) return { headline, lines, cause: { key: "causeEnvironment", name: "" } };
  if (error.reason === "timeout") return { headline, lines, cause: { key: "causeTimeout", name: "" } };
  for (const [pattern, key] of RULES) {
    const found = pattern.exec(message);
    if (found) return { headline, lines, cause: { key, name: found[1] ?? found[2] ?? "" } };
  }
  return { headline, lines, cause: null };
}

function dedented(text: string): string {
  const lines = text.split("\n");
  const indent = Math.min(...lines.filter((one) => one.trim()).map((one) => one.length - one.trimStart().length));
  return lines.map((one) => one.slice(Number.isFinite(indent) ? indent : 0)).join("\n").trimEnd();
}
