import { expect, test } from "vitest";
import { say } from "@/i18n/texts";
import { byWeight, canTrain, foundOf, type Rail, titleOf } from "./rails";
import { checkTexts } from "./texts";

const rail = (name: string, reason: string, values: Rail["values"] = {}, columns: string[] = [], status: Rail["status"] = "done"): Rail => ({ name, reason, values, columns, status });
const in_ = (language: "en" | "pt-BR") => (key: keyof (typeof checkTexts)["en"], values = {}) => say(language, checkTexts[language][key], values);

/** Every reason that the server gives, with the values that it gives with it. */
const ALL: Rail[] = [
  rail("Feature types", "all_used", { numeric: 3 }),
  rail("Feature types", "left_out", {}, ["id"]),
  rail("Feature types", "no_usable_column", {}, ["id"], "failed"),
  rail("Missing targets", "none_missing"),
  rail("Missing targets", "rows_without_target", { rows: 3 }),
  rail("Missing feature values", "none_missing"),
  rail("Missing feature values", "gaps", { cells: { temp: 3, hum: 2 } }, ["temp", "hum"]),
  rail("Infinite values", "all_finite"),
  rail("Infinite values", "infinite", {}, ["x"]),
  rail("High cardinality", "few_levels"),
  rail("High cardinality", "many_levels", { levels: { town: 400 }, keys: ["id"] }, ["town", "id"]),
  rail("Class balance", "target_is_number"),
  rail("Class balance", "balanced", { small: "no", small_rows: 40, large: "yes", large_rows: 60 }),
  rail("Class balance", "imbalanced", { small: "no", small_rows: 4, large: "yes", large_rows: 60, metric_hides: true, folds_lack: true }),
  rail("Number of rows", "few_rows", { rows: 30, columns: 4 }),
  rail("Number of rows", "more_columns_than_rows", { rows: 130, columns: 400 }),
  rail("Number of rows", "enough_rows", { rows: 731, columns: 12 }),
  rail("Equal rows", "none_equal"),
  rail("Equal rows", "equal_rows", { rows: 4, of: 200 }),
  rail("Leaks of the target", "none_tells", { measure: "R2" }),
  rail("Leaks of the target", "tells", { measure: "R2", powers: { cost: 0.999 } }, ["cost"], "alerted"),
  rail("Order in time", "no_dates"),
  rail("Order in time", "dates", {}, ["at"], "alerted"),
  rail("Range of the target", "never_negative"),
  rail("Date in parts", "year_month_day", {}, ["year", "mnth", "day"]),
  rail("Target column", "absent", { value: "y" }, [], "failed"),
  rail("Target column", "no_number", { value: "abc" }, [], "failed"),
  rail("Target column", "one_value", { value: "1" }, [], "failed"),
  rail("Target column", "too_many_classes", { classes: 500, rows: 731 }, [], "failed"),
  rail("Target column", "no_such_class", { value: "maybe", classes: "no, yes" }, [], "failed"),
  rail("Target column", "too_few_rows", { rows: 4, least: 10 }, [], "failed"),
];

test.each(["en", "pt-BR"] as const)("in %s each finding is a whole sentence with its figures", (language) => {
  for (const one of ALL) {
    const text = foundOf(one, in_(language));
    expect(text, `${one.name} ${one.reason}`).toMatch(/\.$/);
    expect(text, `${one.name} ${one.reason}`).not.toMatch(/[{}]/);
  }
});

test("findings name their columns and figures", () => {
  const text = (name: string, reason: string) => foundOf(ALL.find((one) => one.name === name && one.reason === reason)!, in_("en"));
  expect(text("Missing feature values", "gaps")).toContain("temp (3), hum (2)");
  expect(text("Number of rows", "more_columns_than_rows")).toContain("(400)");
  expect(text("Class balance", "imbalanced")).toMatch(/“no” has 4 rows.*hides.*Some folds/);
  expect(text("High cardinality", "many_levels")).toMatch(/id.*town \(400\)/);
  expect(text("Date in parts", "year_month_day")).toMatch(/^year, mnth, day are the year/);
  expect(titleOf(ALL[0]!, in_("pt-BR"))).toBe("Tipos das colunas");
});

test("one row is one row, in both languages", () => {
  const found = rail("Class balance", "imbalanced", { small: "no", small_rows: 1, large: "yes", large_rows: 60, metric_hides: false, folds_lack: false });
  expect(foundOf(found, in_("en"))).toMatch(/^“no” has 1 row, “yes” has 60 rows\./);
  expect(foundOf(found, in_("pt-BR"))).toMatch(/^“no” tem 1 linha, “yes” tem 60 linhas\./);
});

test("the gravest come first, and only a failure keeps from training", () => {
  expect(byWeight([ALL[0]!, ALL[20]!, ALL.at(-1)!]).map((one) => one.status)).toEqual(["failed", "alerted", "done"]);
  expect(canTrain(ALL.filter((one) => one.status !== "failed"))).toBe(true);
  expect(canTrain(ALL)).toBe(false);
  expect(foundOf(rail("New rail", "new_reason"), in_("en"))).toBe("new_reason");
});
