// Times on the axis of a chart as the language writes them. uPlot's own are American.
import type { Language } from "@/i18n/language";

/** Return a moment in the form of one of uPlot's templates: seconds, clock time or day, a line each. */
export function axisTime(template: string, at: Date, language: Language): string {
  return template
    .split("\n")
    .map((line) => {
      if (/\{(?:h|H|mm)/.test(line)) return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: language === "en" }).format(at);
      if (line.includes("{ss}")) return `:${String(at.getSeconds()).padStart(2, "0")}`;
      if (/\{(?:M|D)/.test(line)) return new Intl.DateTimeFormat(language, { day: "numeric", month: "short" }).format(at);
      return line.includes("{YY") ? String(at.getFullYear()) : "";
    })
    .join("\n");
}
