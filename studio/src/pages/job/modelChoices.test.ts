import { expect, test } from "vitest";
import { modelChoices, modelName } from "./modelChoices";

const paths = ["user_logs/std_log.txt", "model/MLmodel", "model/data/x.pkl", "heart/trained_model/model.pkl", "roc.png"].map((path) => ({ path }));

test("logged models come first, then other folders; logs and parts of models are none", () => {
  expect(modelChoices(paths)).toEqual([
    { folder: "model", type: "mlflow_model" },
    { folder: "heart", type: "custom_model" },
    { folder: "heart/trained_model", type: "custom_model" },
  ]);
});

test("a folder's name becomes a model's name", () => {
  expect(modelName("out/my model (1)")).toBe("my-model-1-");
  expect(modelName("_x")).toBe("x");
});
