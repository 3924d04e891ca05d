import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import { wordsOf } from "./serverWords";
import { portuguese } from "./serverWords.pt";

const words = wordsOf(portuguese);
const ROOT = join(import.meta.dirname, "../../..");

test.each([
  ["There is no model named `hart`. Did you mean `heart`?", "Não há modelo com o nome `hart`. Você quis dizer `heart`?"],
  ["There is no data asset named `x`. There is: `a`, `b`.", "Não há ativo de dados com o nome `x`. Há: `a`, `b`."],
  ["Model `heart` has a version 2 already, with other content. Versions do not change: create version 3, or leave the version out.", "Modelo `heart` já tem a versão 2, com outro conteúdo. Versões não mudam: crie a versão 3, ou deixe a versão vazia."],
  ["Environment `e` has no version 9 (it has 1, 2).", "Ambiente `e` não tem a versão 9 (tem 1, 2)."],
  ["expected a whole number, found ten.", "esperado: um número inteiro; encontrado: ten."],
  ["The script ended with exit code 2. Its last lines:\n    KeyError: 'age'", "O script terminou com o código de saída 2. Suas últimas linhas:\n    KeyError: 'age'"],
  ["Job `running` is Completed already.", "O job `running` já está assim: Concluído."],
  [
    "`a b` is not a valid name: letters, digits, `_`, `-` and `.`, starting with a letter or digit, 255 at most. Use `a-b`, for example.",
    "`a b` não é um nome válido: letras, algarismos, `_`, `-` e `.`, começando por letra ou algarismo, 255 no máximo. Use `a-b`, por exemplo.",
  ],
  [
    "The cache folder /x/y.z cannot be used: there is a file in its place. Choose another folder with the variable BANCADA_CACHE, or with `bancada config set cache=FOLDER`.",
    "A pasta /x/y.z (cache) não pode ser usada: há um arquivo no lugar dela. Escolha outra pasta com a variável BANCADA_CACHE, ou com `bancada config set cache=PASTA`.",
  ],
  [
    "`target_column_name` names `kount`, which is no column of the data. Did you mean `count`? Columns: a, count and 3 more.",
    "`target_column_name` diz `kount`, que não é uma coluna dos dados. Você quis dizer `count`? Colunas: a, count e mais 3.",
  ],
  ["the asset has more than one file, or none that is a table; name the one that is meant.", "o ativo tem mais de um arquivo, ou nenhum que seja uma tabela; diga qual é."],
  ["The process that reads the table ended with status -9.", "O processo que lê a tabela terminou com o status -9."],
  ["MLTable: is no YAML: while parsing a node.", "MLTable: não é YAML: while parsing a node."],
  ["path: `t.csv` has no columns.", "path: `t.csv` não tem colunas."],
  ["MLTable.paths[0]: names no file that is there.", "MLTable.paths[0]: não diz arquivo algum que exista."],
  ["`data/a` leads out of the folder /x through a link. Put the files there, or make a datastore of type `file` for the folder that they lie in.", "`data/a` leva para fora da pasta /x por um link. Ponha os arquivos lá, ou crie um armazenamento do tipo `file` para a pasta em que estão."],
  [
    "model: exact equivalent (its 100 trees joined), the same bits on 520 rows on and beside 400 of 812 thresholds",
    "model: equivalente exato (suas 100 árvores unidas), os mesmos bits em 520 linhas sobre e ao lado de 400 de 812 limiares",
  ],
  ["straight from JSON, without pandas", "direto do JSON, sem pandas"],
  ["through pandas: there is no exact equivalent of the model", "por meio do pandas: não há equivalente exato do modelo"],
  ["The model's own instead of `train:7`, that of job `a`. It has numpy 2.4.6, and the model asks for `numpy==2.4.5`.", "O do próprio modelo em vez de `train:7`, o do job `a`. Ele tem numpy 2.4.6, e o modelo pede `numpy==2.4.5`."],
  ["Something that nobody has foreseen.", "Something that nobody has foreseen."],
])("%s", (theirs, ours) => {
  expect(words.say(theirs)).toBe(ours);
});

test("problems are said one a line, each with its place", () => {
  const problems = [
    { path: "command", message: "is required, but missing." },
    { path: "limits.timeout", message: "expected a whole number, found soon." },
  ];
  expect(words.of(new ApiError(400, "invalid", "…", { problems }))).toBe("command: é obrigatório, mas falta.\nlimits.timeout: esperado: um número inteiro; encontrado: soon.");
});

test("what has no form is said by its code, with the server's words after it", () => {
  expect(words.of(new ApiError(409, "job.already_exists", "Trials would clash.", { kind: "job", name: "a" }))).toBe("Já existe: job a. Nas palavras do servidor: Trials would clash.");
  expect(words.of(new ApiError(418, "teapot", "Short and stout."))).toBe("Short and stout.");
});

test("every code of the server's has its meaning", () => {
  const table = readFileSync(join(ROOT, "docs/reference/errors.md"), "utf8");
  const codes = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((one) => one[1]!);
  expect(codes.length).toBeGreaterThan(15);
  expect(codes.filter((code) => !(code in portuguese.codes))).toEqual([]);
});

test("every form is one that the server still has", () => {
  const sources = join(ROOT, "src/bancada");
  const names = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".py"));
  // Sentences that are written in pieces over lines, as one.
  const code = names.map((one) => readFileSync(join(sources, one), "utf8")).join("\n").replace(/"\s*\n\s*f?"/g, "");
  const longest = (form: string) => form.split(/`?\{\w+\}`?|[():]/).sort((one, other) => other.length - one.length)[0]!.trim();
  expect(portuguese.forms.map(([form]) => longest(form)).filter((piece) => !code.includes(piece))).toEqual([]);
});

test("ours names the values that theirs has", () => {
  const names = (text: string) => new Set([...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]!));
  for (const [theirs, ours] of portuguese.forms) for (const name of names(ours)) expect(names(theirs), theirs).toContain(name);
});
