// What a guard rail found, in the reader's words. Pure; the words of the server are the keys.
import type { Schemas } from "@/api/client";
import type { checkTexts } from "./texts";

export type Rail = Schemas["DataCheck"]["rails"][number];
type Key = keyof (typeof checkTexts)["en"];
export type Say = (key: Key, values?: Record<string, string | number>) => string;

const TITLES: Record<string, Key> = {
  "Feature types": "types",
  "Missing targets": "missingTarget",
  "Missing feature values": "missingValues",
  "Infinite values": "infinite",
  "High cardinality": "cardinality",
  "Class balance": "balance",
  "Number of rows": "rows",
  "Equal rows": "copies",
  "Leaks of the target": "leaks",
  "Order in time": "order",
  "Range of the target": "range",
  "Date in parts": "parts",
  "Target column": "target",
};

/** Texts by rail and reason; `one`'s numbers and texts are their values. */
const FOUND: Record<string, Key> = {
  "types all_used": "types_all_used",
  "types left_out": "types_left_out",
  "types no_usable_column": "types_no_usable_column",
  "missingTarget none_missing": "missingTarget_none",
  "missingTarget rows_without_target": "missingTarget_rows",
  "missingValues none_missing": "missingValues_none",
  "missingValues gaps": "missingValues_gaps",
  "infinite all_finite": "infinite_none",
  "infinite infinite": "infinite_some",
  "cardinality few_levels": "cardinality_none",
  "balance target_is_number": "balance_number",
  "rows few_rows": "rows_few",
  "rows more_columns_than_rows": "rows_wide",
  "rows enough_rows": "rows_enough",
  "copies none_equal": "copies_none",
  "copies equal_rows": "copies_some",
  "leaks none_tells": "leaks_none",
  "leaks tells": "leaks_some",
  "order no_dates": "order_none",
  "order dates": "order_dates",
  "range never_negative": "range_positive",
  "parts year_month_day": "parts_found",
  "target absent": "target_absent",
  "target no_number": "target_number",
  "target one_value": "target_one",
  "target too_many_classes": "target_classes",
  "target no_such_class": "target_label",
  "target too_few_rows": "target_few",
};

const SHOWN = 6; // names in a sentence

/** Return a rail's name; the server's own for one that this page does not know. */
export function titleOf(rail: Rail, say: Say): string {
  const key = TITLES[rail.name];
  return key ? say(key) : rail.name;
}

/** Return what a rail found and what will be done about it. */
export function foundOf(rail: Rail, say: Say): string {
  const title = TITLES[rail.name] ?? "";
  const values = valuesOf(rail);
  if (title === "cardinality" && rail.reason === "many_levels") return cardinality(rail, say);
  if (title === "balance" && rail.reason === "imbalanced") return imbalance(rail, say);
  if (title === "balance" && rail.reason === "balanced") return shares(values, say);
  const key = FOUND[`${title} ${rail.reason}`];
  return key ? say(key, values) : rail.reason;
}

function valuesOf(rail: Rail): Record<string, string | number> {
  const { values } = rail;
  const plain = Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string | number] => typeof pair[1] === "string" || typeof pair[1] === "number"));
  return {
    ...plain,
    count: Number(values.rows ?? 0),
    cells: counted(values.cells),
    columns: rail.reason === "more_columns_than_rows" ? Number(values.columns) : named(rail.columns),
  };
}

function cardinality(rail: Rail, say: Say): string {
  const keys = Array.isArray(rail.values.keys) ? (rail.values.keys as string[]) : [];
  const levels = counted(rail.values.levels);
  return [keys.length ? say("cardinality_keys", { columns: named(keys) }) : "", levels ? say("cardinality_levels", { cells: levels }) : ""].filter(Boolean).join(" ");
}

function imbalance(rail: Rail, say: Say): string {
  const values = valuesOf(rail);
  return [shares(values, say), rail.values.metric_hides ? say("balance_hides") : "", rail.values.folds_lack ? say("balance_lacks", values) : ""].filter(Boolean).join(" ");
}

/** Two counts in one sentence: each goes with its own plural. */
function shares(values: Record<string, string | number>, say: Say): string {
  const [small, large] = [say("balance_rows", { count: Number(values.small_rows ?? 0) }), say("balance_rows", { count: Number(values.large_rows ?? 0) })];
  return say("balance_passed", { ...values, smallRows: small, largeRows: large });
}

function named(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(", ")} … (${names.length})` : names.join(", ");
}

function counted(found: unknown): string {
  if (typeof found !== "object" || found === null) return "";
  return named(Object.entries(found as Record<string, number>).map(([name, count]) => `${name} (${count})`));
}

const ORDER = ["failed", "alerted", "done", "passed"];

/** Return rails, the gravest first; those alike stay in the server's order. */
export function byWeight(rails: readonly Rail[]): Rail[] {
  return [...rails].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
}

/** Return whether a training could begin. */
export const canTrain = (rails: readonly Rail[]): boolean => rails.every((one) => one.status !== "failed");
