import { expect, it } from "vitest";
import { axisTime } from "./axisTime";

it("writes times of an axis as the language does", () => {
  const at = new Date(2026, 10, 28, 20, 14, 5);
  expect(axisTime(":{ss}", at, "pt-BR")).toBe(":05");
  expect(axisTime("\n{M}/{D}/{YY} {h}:{mm}{aa}", at, "pt-BR")).toBe("\n20:14");
  expect(axisTime("{h}{aa}\n{M}/{D}", at, "en")).toBe("08:14 PM\nNov 28");
  expect(axisTime("{M}/{D}\n{YYYY}", at, "pt-BR")).toMatch(/28 de nov.*\n2026/);
});
