import { expect, test } from "vitest";
import { type Compared, linesOf } from "./compared";

const job = (name: string, more: Partial<Compared["jobs"][number]>): Compared["jobs"][number] => ({
  name, display_name: name, type: "command", status: "Completed", experiment_name: "e", created_at: "2026-01-01", user: "me", archived: false, children: 0, metrics: {}, params: {}, tags: {}, ...more,
});
const data: Compared = {
  jobs: [job("a", { params: { lr: "1", seed: "0" }, metrics: { loss: 1 }, tags: { "mlflow.user": "x" } }), job("b", { params: { lr: "2", seed: "0", p10: "x", p9: "x" }, status: "Failed" })],
  differing: { params: ["lr", "p9", "p10"], metrics: ["loss"], tags: [] },
};
const shown = (isOnly: boolean) => linesOf(data, isOnly).map((one) => (one.kind === "title" ? `[${one.of} ${one.count}]` : `${one.key}${one.isDiffering ? "*" : ""}`));

test("every fact and key has its line, by kind and in natural order; what differs is marked", () => {
  expect(shown(false)).toEqual(["[facts 5]", "status*", "type", "experiment", "created", "duration", "[params 4]", "lr*", "p9*", "p10*", "seed", "[metrics 1]", "loss*"]);
});

test("only what differs leaves out the rest, and kinds in which nothing is left", () => {
  expect(shown(true)).toEqual(["[facts 1]", "status*", "[params 3]", "lr*", "p9*", "p10*", "[metrics 1]", "loss*"]);
});
