// What a filter can ask of a job: its fields, how each is compared, and what a condition says in words.
import type { useFormats } from "@/i18n/formats";
import type { useTexts } from "@/i18n/texts";
import { statusKey, statusTexts } from "@/parts/statuses";
import type { Condition, Entity, Operator } from "./filterLanguage";
import type { jobsTexts } from "./texts";

export type FieldKind = "choice" | "text" | "number" | "time" | "logged";
type Words = ReturnType<typeof useTexts<keyof (typeof jobsTexts)["en"]>>;
type StatusWords = ReturnType<typeof useTexts<keyof (typeof statusTexts)["en"]>>;

export interface Field {
  entity: Entity;
  key: string;
  title: string;
  kind: FieldKind;
  choices?: { value: string; label: string }[];
}

const STATUSES = ["NotStarted", "Queued", "Preparing", "Starting", "Running", "Finalizing", "CancelRequested", "Completed", "Failed", "Canceled"];

/** The fields that every job has. */
export function attributeFields(t: Words, status: StatusWords): Field[] {
  const field = (key: string, title: string, kind: FieldKind, choices?: Field["choices"]): Field => ({ entity: "attributes", key, title, kind, ...(choices ? { choices } : {}) });
  return [
    field("status", t("status"), "choice", STATUSES.map((value) => ({ value, label: status(statusKey(value)!) }))),
    field("type", t("type"), "choice", [
      { value: "command", label: t("typeCommand") },
      { value: "sweep", label: t("typeSweep") },
      { value: "automl", label: t("typeAutoml") },
      { value: "base", label: t("typeBase") },
    ]),
    field("experiment_name", t("experiment"), "text"),
    field("display_name", t("name"), "text"),
    field("created_at", t("created"), "time"),
    field("duration", t("duration"), "number"),
    field("description", t("description"), "text"),
    field("user", t("user"), "text"),
  ];
}

/** Return the field of a metric, a parameter or a tag. */
export function loggedField(entity: Exclude<Entity, "attributes">, key: string): Field {
  return { entity, key, title: key, kind: entity === "metrics" ? "number" : "logged" };
}

const CONTAINS = "CONTAINS"; // ILIKE with % at both ends
export type Choice = Operator | typeof CONTAINS;

/** The comparisons of a kind of field, the most usual one first. */
export function operatorsOf(kind: FieldKind, t: Words): { value: Choice; label: string }[] {
  const numbers = (["<", "<=", ">", ">=", "=", "!="] as const).map((value) => ({ value, label: value }));
  const texts = [
    { value: CONTAINS as Choice, label: t("includes") },
    { value: "=" as Choice, label: t("equals") },
    { value: "!=" as Choice, label: t("isNot") },
    { value: "LIKE" as Choice, label: t("like") },
  ];
  const presence = [
    { value: "IS NOT NULL" as Choice, label: t("isSet") },
    { value: "IS NULL" as Choice, label: t("isNotSet") },
  ];
  if (kind === "choice") return [{ value: "IN", label: t("isAny") }, { value: "NOT IN", label: t("isNone") }];
  if (kind === "time") return [{ value: ">", label: t("later") }, { value: "<", label: t("earlier") }];
  if (kind === "number") return [numbers[2]!, numbers[3]!, numbers[0]!, numbers[1]!, numbers[4]!, numbers[5]!];
  return kind === "logged" ? [{ value: "=", label: t("equals") }, ...texts.filter((one) => one.value !== "="), ...presence] : texts;
}

/** Return the comparison and the text of a condition as the form shows them. */
export function formOf({ operator, value }: Condition, kind: FieldKind): { choice: Choice; text: string; values: string[] } {
  if (Array.isArray(value)) return { choice: operator, text: "", values: value };
  if (kind === "choice" && (operator === "=" || operator === "!=")) return { choice: operator === "=" ? "IN" : "NOT IN", text: "", values: [String(value)] };
  const text = value === null ? "" : String(value);
  if (operator === "ILIKE" && /^%[^%]*%$/.test(text)) return { choice: CONTAINS, text: text.slice(1, -1), values: [] };
  return { choice: operator, text, values: [] };
}

/** Return the condition that a filled form means, or null while something is missing. */
export function conditionOf(field: Field, choice: Choice, text: string, values: readonly string[]): Condition | null {
  const of = (operator: Operator, value: Condition["value"]): Condition => ({ entity: field.entity, key: field.key, operator, value });
  if (choice === "IS NULL" || choice === "IS NOT NULL") return of(choice, null);
  if (choice === "IN" || choice === "NOT IN") return values.length ? of(choice, [...values]) : null;
  if (!text.trim()) return null;
  if (field.kind === "number") return Number.isFinite(Number(text)) ? of(choice as Operator, Number(text)) : null;
  if (field.kind === "time") return Number.isNaN(Date.parse(text)) ? null : of(choice as Operator, new Date(text).toISOString().slice(0, 19) + "Z");
  return choice === CONTAINS ? of("ILIKE", `%${text.trim()}%`) : of(choice, text);
}

/** Return a condition in a few words, for its chip. */
export function wordsOf(condition: Condition, fields: readonly Field[], t: Words, formats: ReturnType<typeof useFormats>): string {
  const field = fields.find((one) => one.entity === condition.entity && one.key === condition.key) ?? (condition.entity === "attributes" ? null : loggedField(condition.entity, condition.key));
  const title = field?.title ?? condition.key;
  const { choice, text, values } = formOf(condition, field?.kind ?? "text");
  const label = operatorsOf(field?.kind ?? "text", t).find((one) => one.value === choice)?.label ?? choice;
  if (choice === "IN" || choice === "NOT IN") {
    const named = values.map((value) => field?.choices?.find((one) => one.value === value)?.label ?? value).join(", ");
    return choice === "IN" ? `${title}: ${named}` : `${title} ${label} ${named}`;
  }
  if (condition.value === null) return `${title} ${label}`;
  if (field?.kind === "time") {
    const at = typeof condition.value === "number" ? new Date(condition.value * 1000) : new Date(text);
    return Number.isNaN(at.getTime()) ? `${title} ${label} ${text}` : `${title} ${label} ${formats.dateTime(at)}`;
  }
  if (field?.entity === "attributes" && field.key === "duration") return `${title} ${label} ${formats.duration(Number(text))}`;
  if (typeof condition.value === "number") return `${title} ${label} ${formats.value(condition.value)}`;
  return `${title} ${label} ${text}`;
}
