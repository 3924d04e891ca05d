// What the pages of AutoML make of what the server and the engine give them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatsOf } from "@/i18n/formats";
import { say } from "@/i18n/texts";
import { type Rail, titleOf } from "../../automl/checks/rails";
import { checkTexts } from "../../automl/checks/texts";
import { candidateName, type Candidate, cellText, isCandidate, membersOf, modelRunOf, scoresOf, sharesOf } from "./automl";
import { type ChartFile, CHARTS, confusion, drawn, importance, outline, sharesOfRows } from "./charts";
import { metricTitle } from "./metricNames";
import { otherMetrics, ranked } from "./Models";
import { automlTexts } from "./texts";
import { FORMS, inPortuguese, OF_COLUMNS } from "./words";

const job = (facts: object) => facts as Parameters<typeof modelRunOf>[1];
const formats = formatsOf("en");
const look = { formats, scheme: "light" as const, say: (key: keyof (typeof automlTexts)["en"], values = {}) => say("en", automlTexts.en[key], values) };

describe("a model", () => {
  it("is the job's best one, also before it ends, or the candidate itself", () => {
    expect(modelRunOf("a", job({ type: "automl", tags: { automl_best_child_run_id: "c1" } }))).toBe("c1");
    expect(modelRunOf("a", job({ type: "automl", properties: { best_child_run_id: "c2" }, tags: { automl_best_child_run_id: "c1" } }))).toBe("c2");
    expect(modelRunOf("a", job({ type: "automl" }))).toBeUndefined();
    const one = job({ type: "base", tags: { "automl.candidate": "0" }, params: { name: "NativeGaps, LightGBM" } });
    expect([isCandidate(one), modelRunOf("c", one), candidateName(one)]).toEqual([true, "c", "NativeGaps, LightGBM"]);
    const run = job({ type: "base", tags: {}, params: { name: "x" } });
    expect([isCandidate(run), modelRunOf("r", run), candidateName(run)]).toEqual([false, undefined, undefined]);
  });
  it("has members by weight, also when MLflow cut their list", () => {
    expect(membersOf('{"1 A": 0.2, "2 B": 0.8}')).toEqual([["2 B", 0.8], ["1 A", 0.2]]);
    expect([membersOf('{"1 A": 0.'), membersOf(undefined)]).toEqual([[], []]);
  });
});

describe("the leaderboard", () => {
  const row = (trial: number, value: number | undefined, more: Partial<Candidate> = {}) => ({ name: `c${trial}`, trial, status: "Completed", value, metrics: {}, ...more }) as Candidate;
  it("has the chosen one first, then the best scores, those without one last", () => {
    const rows = [row(0, 0.3), row(1, 0.1), row(2, undefined, { status: "Failed" }), row(3, 0.2, { is_best: true }), row(4, 0.05, { status: "Canceled" })];
    expect(ranked(rows, true).map((one) => one.trial)).toEqual([3, 1, 0, 2, 4]);
    expect(ranked(rows, false).map((one) => one.trial)).toEqual([3, 0, 1, 2, 4]);
  });
  it("offers all other metrics, the error in the target's unit first", () => {
    const rows = [row(0, 1, { metrics: { n: 1, n_error: 2, b: 1, root_mean_squared_error: 3 } }), row(1, 1, { metrics: { a: 1, test_a: 2 } })];
    expect(otherMetrics(rows, "n")).toEqual(["root_mean_squared_error", "a", "b", "test_a"]);
  });
});

describe("scores", () => {
  it("stand beside those on test data, the primary one first, without costs", () => {
    const metrics = { accuracy: 0.9, AUC_weighted: 0.8, AUC_weighted_error: 0.1, test_accuracy: 0.7, automl_fit_seconds: 3, mean_absolute_error: 1 };
    expect(scoresOf(metrics, "AUC_weighted")).toEqual([{ key: "AUC_weighted", validation: 0.8 }, { key: "accuracy", validation: 0.9, test: 0.7 }, { key: "mean_absolute_error", validation: 1 }]);
    expect(metricTitle("normalized_root_mean_squared_error", "en")).toBe("Normalized root mean squared error");
    expect(["normalized_root_mean_squared_error", "normalized_mean_absolute_error", "AUC_weighted", "f1_score_macro", "recall_score_weighted", "mine"].map((key) => metricTitle(key, "pt-BR"))).toEqual(["Raiz do erro quadrático médio normalizada", "Erro absoluto médio normalizado", "AUC ponderada", "F1, macro", "Recall ponderado", "Mine"]);
  });
});

describe("a chart", () => {
  const curve = (x: string, y: string) => ({ no: { [x]: [0, 0.5, 1], [y]: [0, 0.8, 1] }, yes: { [x]: [0, 0.5, 1], [y]: [0, 0.7, 1] } });
  const files: Record<string, ChartFile["data"]> = {
    predicted_true: { bin_edges: [0, 1, 2, 3], bin_counts: [2, 0, 3], bin_centers: [0.5, 2.5], bin_averages: [0.6, 2.4], bin_errors: [0.1, 0.2] },
    residuals: { bin_edges: [-1, 0, 1], bin_counts: [4, 5] },
    confusion_matrix: { class_labels: ["no", "yes"], matrix: [[8, 2], [0, 0]] },
    roc_curve: curve("false_positive_rate", "true_positive_rate"),
    precision_recall_curve: curve("recall", "precision"),
    calibration_curve: curve("predicted", "observed"),
    lift_curve: curve("population", "lift"),
    cumulative_gains_curve: curve("population", "gain"),
  };
  it.each(CHARTS)("%s has its data as a picture and as a table", (name) => {
    const found = drawn(name, { schema_type: name, data: files[name] }, false, look)!;
    const series = found.option.series as { data: unknown[] }[];
    expect(series.every((one) => one.data.length > 0)).toBe(true);
    expect(JSON.stringify(series)).not.toContain("null");
    expect(found.table.rows.length).toBeGreaterThan(0);
    for (const row of found.table.rows) expect(row).toHaveLength(found.table.heads.length);
  });
  it("counts rows, or tells what became of each class's rows", () => {
    const data = files.confusion_matrix as Parameters<typeof confusion>[0];
    expect(sharesOfRows(data.matrix)).toEqual([[0.8, 0.2], [0, 0]]);
    expect(confusion(data, false, look).table.rows[0]).toEqual(["no", "8", "2"]);
    expect(confusion(data, true, look).table.rows[0]).toEqual(["no", "80%", "20%"]);
  });
  it("of counts has bars as wide as their bins", () => {
    expect(outline([0, 1, 3], [4, 5])).toEqual([[0, 0], [0, 4], [1, 5], [3, 0]]);
  });
  it("of shares has the strongest on top, and another colour for what speaks against", () => {
    const option = importance([{ name: "a", value: -2 }, { name: "b", value: 1 }], look);
    expect((option.yAxis as { data: string[] }).data).toEqual(["b", "a"]);
    const bars = (option.series as { data: { itemStyle: { color: string } }[] }[])[0]!.data;
    expect(bars[0]!.itemStyle.color).not.toBe(bars[1]!.itemStyle.color);
  });
});

describe("an explained row", () => {
  const local = { method: "tree", columns: ["a", "b"], shares: [[[0.1, 2], [-3, 1]]], base: [[1, 1]], rows: [[2011, null]] };
  it("has its columns by the size of their shares, with their cells", () => {
    expect(sharesOf(local, 0, 0)).toEqual([{ column: "b", share: -3, cell: null }, { column: "a", share: 0.1, cell: 2011 }]);
    expect(sharesOf(local, 0, 1).map((one) => one.column)).toEqual(["a", "b"]);
  });
  it("shows cells as they are", () => {
    expect([2011, 0.12345678, null, true, "x"].map((one) => cellText(one, formats.value))).toEqual(["2011", "0.123457", "–", "true", "x"]);
  });
});

describe("what the engine says", () => {
  it.each([
    ["Missing cells: `age` 16, `x` 2.", "Células ausentes: `age` 16, `x` 2."],
    ["2 numeric, 1 boolean, 1 category, 1 date.", "2 número(s), 1 sim ou não, 1 categoria(s), 1 data(s)."],
    ["`id` is left out: it equals column `key`; `c` is left out: it has one value only.", "`id` fica de fora: é igual à coluna `key`; `c` fica de fora: tem um único valor."],
    ["`yes` has 115 rows, `no` 125.", "`yes` tem 115 linhas, `no` 125."],
    ["Folds keep the shares of the classes. accuracy hides small classes: consider AUC_weighted or norm_macro_recall.", "As partições mantêm as parcelas das classes. accuracy esconde classes pequenas: considere AUC_weighted ou norm_macro_recall."],
    ["`id` looks like an identifier (numbers); `c` has 81 levels.", "`id` parece um identificador (números); `c` tem 81 níveis."],
    ["`x` is as far out as -1e+06 in 1 of 60 validation rows (training: -2.4 to 2.6); `z` is as far out as 99.5 in 3 of 9 test rows (training: 0 to 1).", "`x` chega a -1e+06 em 1 de 60 linhas de validação (treino: -2.4 a 2.6); `z` chega a 99.5 em 3 de 9 linhas de teste (treino: 0 a 1)."],
    ["`x` is no number, like `x3`, in 1 of 20 validation rows.", "`x` não é número, como `x3`, em 1 de 20 linhas de validação."],
    ["`maybe` is the target in 3 of 23 test rows; `new` is the target in 1 of 23 test rows.", "`maybe` é o destino em 3 de 23 linhas de teste; `new` é o destino em 1 de 23 linhas de teste."],
    ["`a` alone reaches AUC 0.999; `b` alone reaches AUC 0.995.", "`a`, sozinha, alcança AUC 0.999; `b`, sozinha, alcança AUC 0.995."],
    ["No prediction is below 0. If it leans to large values, losses for counts are among the candidates.", "Nenhuma previsão fica abaixo de 0. Se ele se inclina a valores grandes, há candidatos com perdas para contagens."],
    ["`year`, `mnth`, `day` are the year, month and day of a date.", "`year`, `mnth`, `day` são o ano, o mês e o dia de uma data."],
    ["text with 4 different values", "texto com 4 valores diferentes"],
    ["not finished: the time is over", "não terminou: o tempo acabou"],
    ["exit_score 0.085 is reached", "exit_score 0.085 foi alcançado"],
    ["Something new that nobody translated.", "Something new that nobody translated."],
  ])("%s", (theirs, ours) => {
    expect(inPortuguese(theirs)).toBe(ours);
  });

  it("has the forms that the engine still has", () => {
    const engine = join(import.meta.dirname, "../../../../../src/bancada/learning/automl");
    const names = readdirSync(engine, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".py"));
    // Sentences that are written in pieces over lines, as one.
    const code = names.map((one) => readFileSync(join(engine, one), "utf8")).join("\n").replace(/"[\s)]*\n[\s)]*(?:done \+= )?f?"/g, "");
    // The engine puts a recipe's name before what it does, and a full stop after what it lists.
    const longest = (form: string) => form.replace(/^\w+: |\.$/g, "").split(/`?\{\w+\}`?|[()]/).sort((one, other) => other.length - one.length)[0]!.trim();
    expect([...FORMS, ...OF_COLUMNS].map(([form]) => longest(form)).filter((piece) => !code.includes(piece))).toEqual([]);
  });

  it("has every name of a guard rail and what was done, in Portuguese", () => {
    const engine = join(import.meta.dirname, "../../../../../src/bancada/learning/automl");
    const code = ["guardrails.py", "others.py", "intake.py", "engine.py"].map((one) => readFileSync(join(engine, one), "utf8")).join("\n");
    const said = [...code.matchAll(/GuardRail\(\s*"([^"]+)"/g), ...code.matchAll(/\bname(?:, rows)? = "([A-Z][^"]+)"/g)].map((one) => one[1]!);
    expect(said.length).toBeGreaterThan(10);
    expect(said.filter((one) => inPortuguese(one) === one)).toEqual([]);
  });

  it("calls a guard rail as the wizard does before the start", () => {
    for (const [theirs, ours] of FORMS.slice(0, FORMS.findIndex(([one]) => one === "Nothing had to be done."))) {
      const before = titleOf({ name: theirs } as Rail, (key) => String(checkTexts["pt-BR"][key]));
      if (before !== theirs) expect(ours).toBe(before);
    }
  });
});
