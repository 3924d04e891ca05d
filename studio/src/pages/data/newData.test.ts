import { expect, test } from "vitest";
import { nameOf, typeOf, typeOfAddress } from "./newData";

const files = (...paths: string[]) => paths.map((path) => ({ path }));

test("the type follows what was dropped", () => {
  expect(typeOf(files("heart.csv"))).toBe("uri_file");
  expect(typeOf(files("a.csv", "b.csv"))).toBe("uri_folder");
  expect(typeOf(files("data/a.csv"))).toBe("uri_folder");
  expect(typeOf(files("data/MLTable", "data/a.csv"))).toBe("mltable");
  expect(typeOf(files("data/deep/MLTable"))).toBe("uri_folder");
});

test("a name is made of the file's or the folder's", () => {
  expect(nameOf(files("Heart Attack.csv.gz"))).toBe("heart-attack");
  expect(nameOf(files("pictures.v2/a.png", "pictures.v2/b.png"))).toBe("pictures.v2");
  expect(nameOf(files("a.csv", "b.csv"))).toBe("files");
  expect(nameOf(files("ação.csv"))).toBe("acao");
  expect(nameOf(files("_vendas.csv"))).toBe("vendas");
  expect(nameOf(files("__.raw_data/a.csv", "__.raw_data/b.csv"))).toBe("raw_data");
});

test("an address with an ending is a file", () => {
  expect(typeOfAddress("https://example.org/heart.csv?x=1")).toBe("uri_file");
  expect(typeOfAddress("azureml://datastores/workspaceblobstore/paths/data/")).toBe("uri_folder");
});
