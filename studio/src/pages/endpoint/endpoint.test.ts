// Traffic, bodies of test requests, and what the Deploy dialog makes of its fields.
import { describe, expect, it } from "vitest";
import { stepsOf } from "@/pages/deploy/deploy";
import { documentOf, endpointName, firstForm, freeEndpoint, freeName, problemsOf, yamlOf } from "@/pages/deploy/form";
import { factsOf } from "@/pages/deploy/Failure";
import { bodyOfImages, bodyOfTable, cellOf, columnsOf, formatted, isText, jsonProblem } from "./testBody";
import { isSame, mirrorable, none, rebalanced, totalOf } from "./traffic";

describe("traffic", () => {
  it("always sums to 100 when one share is set, and keeps the others' proportions", () => {
    expect(rebalanced({ blue: 100, green: 0 }, "green", 10)).toEqual({ blue: 90, green: 10 });
    expect(rebalanced({ a: 50, b: 30, c: 20 }, "a", 0)).toEqual({ a: 0, b: 60, c: 40 });
    for (const value of [0, 1, 33, 34, 50, 99, 100]) expect(totalOf(rebalanced({ a: 34, b: 33, c: 33 }, "b", value))).toBe(100);
  });
  it("gives the rest to somebody when all others have nothing", () => {
    expect(rebalanced({ a: 100, b: 0, c: 0 }, "a", 40)).toEqual({ a: 40, b: 60, c: 0 });
  });
  it("is all or nothing for one that is alone", () => {
    expect(rebalanced({ blue: 0 }, "blue", 60)).toEqual({ blue: 100 });
    expect(rebalanced({ blue: 100 }, "blue", 40)).toEqual({ blue: 0 });
  });
  it("can be none, and mirrors only to who has none", () => {
    expect(none({ a: 90, b: 10 })).toEqual({ a: 0, b: 0 });
    expect(mirrorable({ a: 90, b: 10, c: 0 })).toEqual(["c"]);
    expect(isSame({ a: 100 }, { a: 100, b: 0 })).toBe(true);
    expect(isSame({ a: 100 }, { a: 90, b: 10 })).toBe(false);
  });
});

describe("a test request", () => {
  const csv = "age,sex,note,output\n45,1,,0\n53,0,fine,1\n";
  it("takes a table in the form of the sample, with the columns that the sample names", () => {
    const sample = JSON.stringify({ data: [{ age: 1, sex: 0 }] });
    expect(JSON.parse(bodyOfTable(csv, sample))).toEqual({ data: [{ age: 45, sex: 1 }, { age: 53, sex: 0 }] });
    const split = JSON.stringify({ input_data: { columns: ["sex", "age"], index: [0], data: [[0, 1]] } });
    expect(JSON.parse(bodyOfTable(csv, split))).toEqual({ input_data: { columns: ["sex", "age"], index: [0, 1], data: [[1, 45], [0, 53]] } });
    const automl = JSON.stringify({ Inputs: { data: [{ age: 1 }] }, GlobalParameters: 1 });
    expect(JSON.parse(bodyOfTable(csv, automl))).toEqual({ Inputs: { data: [{ age: 45 }, { age: 53 }] }, GlobalParameters: 1 });
  });
  it("is in MLflow's form without a sample, with all columns", () => {
    expect(JSON.parse(bodyOfTable(csv, undefined)).input_data.columns).toEqual(["age", "sex", "note", "output"]);
    expect(JSON.parse(bodyOfTable(csv, undefined)).input_data.data[0]).toEqual([45, 1, null, 0]);
  });
  it("keeps words as words", () => {
    expect([cellOf("1.5"), cellOf("x"), cellOf(""), cellOf("1,5")]).toEqual([1.5, "x", null, "1,5"]);
  });
  it("has images in base64, a row for each, in the sample's only column", () => {
    expect(JSON.parse(bodyOfImages(["QUJD", "REVG"], undefined))).toEqual({ input_data: { columns: ["image"], data: [["QUJD"], ["REVG"]] } });
    expect(JSON.parse(bodyOfImages(["QUJD"], '{"input_data":{"columns":["scan"],"data":[["x"]]}}')).input_data.columns).toEqual(["scan"]);
  });
  it("tells a text from other bytes", () => {
    expect([isText("a,b\n1,é"), isText("DICM\u0000\u0001"), isText("\uFFFDPNG")]).toEqual([true, false, false]);
  });
  it("names columns of every form, and tells what is no JSON", () => {
    expect(columnsOf({ dataframe_records: [{ a: 1, b: 2 }] })).toEqual(["a", "b"]);
    expect(columnsOf({ data: [[1, 2]] })).toEqual([]);
    expect(jsonProblem('{"a": 1}')).toBeNull();
    expect(jsonProblem("{a}")).not.toBeNull();
    expect(formatted("[1,2]")).toEqual({ text: "[\n  1,\n  2\n]", isJson: true });
    expect(formatted("plain")).toEqual({ text: "plain", isJson: false });
  });
});

describe("the Deploy dialog", () => {
  const mlflow = { name: "heart_v2", version: "3", type: "mlflow_model" };
  it("needs no code for a model that MLflow saved", () => {
    const form = firstForm(mlflow, []);
    expect(problemsOf(form)).toEqual([]);
    expect(form.newEndpoint).toBe("heart-v2-endpoint");
    expect(documentOf(form, "")).toEqual({
      model: "azureml:heart_v2:3",
      instance_count: 1,
      request_settings: { max_concurrent_requests_per_instance: 64, request_timeout_ms: 5000, max_queue_wait_ms: 500 },
    });
  });
  it("registers what a job left on the way, under a name that is asked for, and ends with an answer", () => {
    const source = { path: "azureml://jobs/j/outputs/artifacts/paths/outputs/mlflow-model/", name: "bike" };
    const form = firstForm(null, [], undefined, source);
    expect(problemsOf(form)).toEqual([]);
    expect([form.newEndpoint, form.modelType, form.concurrent]).toEqual(["bike-endpoint", "mlflow_model", 64]);
    expect(stepsOf(form).map((one) => one.step)).toEqual(["model", "endpoint", "deployment", "traffic", "answer"]);
    expect(problemsOf({ ...form, newModel: "-" })).toEqual(["newModel"]);
    expect(stepsOf({ ...form, source: "", model: "bike:1", endpoint: "e", hasScript: true, scriptFrom: "upload" }).map((one) => one.step)).toEqual(["deployment", "traffic"]);
  });
  it("asks for environment and script otherwise", () => {
    const form = firstForm({ ...mlflow, type: "custom_model" }, []);
    expect(problemsOf(form)).toEqual(["environment"]);
    expect(problemsOf({ ...form, scriptFrom: "upload", environment: "sklearn-env@latest" })).toEqual(["code"]);
    const document = documentOf({ ...form, environment: "sklearn-env@latest" }, "azureml:trees/abc");
    expect(document.environment).toBe("azureml:sklearn-env@latest");
    expect(document.code_configuration).toEqual({ code: "azureml:trees/abc", scoring_script: "score.py" });
    expect(yamlOf({ ...form, environment: "e:1" })).toContain("scoring_script: score.py");
  });
  it("leaves the traffic of an endpoint that serves alone", () => {
    const endpoint = { name: "live", auth_mode: "key" as const, traffic: { blue: 100 } } as unknown as Parameters<typeof firstForm>[1][number];
    expect(firstForm(mlflow, [endpoint], "live").traffic).toBe("none");
    expect(firstForm(mlflow, [{ ...endpoint, traffic: {} }], "live").traffic).toBe("all");
  });
  it("finds free and well-formed names", () => {
    const named = (name: string) => ({ name }) as Parameters<typeof firstForm>[1][number];
    expect(freeEndpoint("heart", [])).toBe("heart-endpoint");
    expect(freeEndpoint("heart", [named("heart-endpoint"), named("heart-endpoint-2")])).toBe("heart-endpoint-3");
    expect(problemsOf({ ...firstForm(mlflow, []), newEndpoint: "there" }, [named("there")])).toEqual(["newEndpoint"]);
    expect(freeName([])).toBe("blue");
    expect(freeName(["blue", "green", "v1"])).toBe("v2");
    expect(endpointName("9 lives!")).toBe("lives-endpoint");
    expect(endpointName("forecast_of_next_weeks_sales")).toBe("forecast-of-next-wee-endpoint");
    expect(problemsOf({ ...firstForm(mlflow, []), deployment: "-bad", newEndpoint: "1x" })).toEqual(["newEndpoint", "deployment"]);
  });
  it("says where a script failed", () => {
    const facts = factsOf({ code: "deployment.failed", message: "m", details: { file: "score.py", line: 4, traceback: "T" } });
    expect(facts).toEqual({ code: "deployment.failed", message: "m", file: "score.py", line: 4, trace: "T" });
    expect(factsOf(null)).toBeNull();
  });
});
