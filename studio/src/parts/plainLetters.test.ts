import { expect, test } from "vitest";
import { endpointName } from "@/pages/deploy/form";
import { modelName } from "@/pages/job/modelChoices";
import { plainLetters } from "./plainLetters";

test("letters stay, their accents go", () => {
  expect(plainLetters("Preço de imóveis à venda: ção, ñ, ü")).toBe("Preco de imoveis a venda: cao, n, u");
});

test("names from titles keep their letters", () => {
  expect(modelName("saídas/preço de casas")).toBe("preco-de-casas");
  expect(endpointName("previsão")).toBe("previsao-endpoint");
});
