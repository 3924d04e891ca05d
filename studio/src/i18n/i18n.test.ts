// Every text is there in both languages, says something, and names the same values.
import { expect, test } from "vitest";
import { formatsOf } from "./formats";
import { first } from "./language";
import { say, type Text, type Texts } from "./texts";

const found = import.meta.glob<Record<string, unknown>>("../**/texts.ts", { eager: true });
const all = Object.entries(found).flatMap(([file, module]) =>
  Object.values(module)
    .filter((one): one is Texts<string> => typeof one === "object" && one !== null && "pt-BR" in one)
    .map((texts) => [file, texts] as const),
);
const forms = (text: Text) => (typeof text === "string" ? [text] : [text.one, text.other]);
const names = (text: Text) => new Set(forms(text).flatMap((one) => one.match(/\{\w+\}/g) ?? []));

test("there are texts of the shell and of every page", () => {
  expect(all.length).toBeGreaterThan(8);
});

test.each(all)("%s: each key is there in each language, is no key itself, and names the same values", (_file, texts) => {
  expect(Object.keys(texts["pt-BR"]).sort()).toEqual(Object.keys(texts.en).sort());
  for (const key of Object.keys(texts.en)) {
    for (const language of ["en", "pt-BR"] as const) {
      for (const form of forms(texts[language][key]!)) {
        expect(form.trim(), `${language} ${key}`).not.toBe("");
        expect(form, `${language} ${key}`).not.toBe(key);
      }
    }
    expect(names(texts["pt-BR"][key]!), key).toEqual(names(texts.en[key]!));
  }
});

test("plural forms and numbers follow the language", () => {
  const text = { one: "{count} job", other: "{count} jobs" };
  expect(say("en", text, { count: 1 })).toBe("1 job");
  expect(say("en", text, { count: 12_345 })).toBe("12,345 jobs");
  expect(say("pt-BR", text, { count: 12_345 })).toBe("12.345 jobs");
});

test("numbers, sizes, durations and times are written as Brazil writes them", () => {
  const [en, pt] = [formatsOf("en"), formatsOf("pt-BR")];
  expect(en.value(0.81967213)).toBe("0.819672");
  expect(pt.value(0.81967213)).toBe("0,819672");
  expect(en.value(0.0000123)).toBe("1.23E-5");
  // Years and counts beside an axis keep their digits.
  expect([0.123456, 64.25, 1024, 2015, 12345.6].map(en.short)).toEqual(["0.123", "64.3", "1,024", "2,015", "12,346"]);
  // What stands beside each other on an axis differs.
  expect([0.9991, 0.9992, 0.99938].map((one) => en.short(one, 0.00001))).toEqual(["0.9991", "0.9992", "0.99938"]);
  expect([2015.25, 2015.5, 0.1 + 0.2].map((one) => pt.short(one, 0.25))).toEqual(["2.015,3", "2.015,5", "0,3"]);
  expect([1_767_225_600_000, 1_767_225_601_000].map((one) => en.short(one, 1000))).toEqual(["1.7672256E12", "1.767225601E12"]);
  expect([0, 1e-9, Number.NaN].map((one) => en.short(one, 0.5))).toEqual(["0", "1E-9", "NaN"]);
  expect([en.list(["a", "b"]), pt.list(["a", "b", "c"])]).toEqual(["a and b", "a, b e c"]);
  expect(en.bytes(1_536_000)).toBe("1.5 MB");
  expect(pt.bytes(1_536_000)).toBe("1,5 MB");
  expect(en.duration(0.25)).toBe("250 ms");
  expect(en.duration(59.97)).toBe("1 min 0 s");
  expect(pt.duration(3.21)).toBe("3,2 s");
  expect(en.duration(7_260)).toBe("2 h 1 min");
  const now = new Date("2026-01-02T12:00:00Z");
  expect(en.relative(new Date("2026-01-02T11:57:00Z"), now)).toBe("3 minutes ago");
  expect(pt.relative(new Date("2026-01-01T12:00:00Z"), now)).toBe("ontem");
});

test("the language is what was chosen, else the browser's", () => {
  expect(first(null, "pt-PT")).toBe("pt-BR");
  expect(first(null, "de")).toBe("en");
  expect(first("en", "pt-BR")).toBe("en");
  expect(first("xx", "fr")).toBe("en");
});
