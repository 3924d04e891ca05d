import { describe, expect, it } from "vitest";
import { probabilitiesOf } from "./probabilities";
import { imagesOf, imageType, lengthened, shortened } from "./requestImages";

const PNG = `iVBORw0KGgo${"A".repeat(50)}`;
const LARGE = `/9j/${"Ab+/".repeat(2000)}==`;

describe("images in a request", () => {
  it("are found in every row by how their base64 begins", () => {
    expect(imagesOf(JSON.stringify({ input_data: { columns: ["image"], data: [[PNG], ["/9j/x"]] } }))).toEqual([`data:image/png;base64,${PNG}`, "data:image/jpeg;base64,/9j/x"]);
    expect(imagesOf(JSON.stringify({ input_data: { columns: ["image"], data: [PNG] } }))).toHaveLength(1);
    expect(imagesOf('{"data": [{"age": 1}]}')).toEqual([]);
    expect(imagesOf("no json")).toEqual([]);
    expect([imageType("UklGRiQAAABXRUJQ"), imageType("SUkqAAgA"), imageType("AAAA")]).toEqual([null, "image/tiff", null]);
  });
  it("are cut short for the editor when they are long, and put back whatever else was edited", () => {
    const body = JSON.stringify({ input_data: { columns: ["image"], data: [[LARGE], [PNG], [LARGE.replace("Ab", "Cd")]] } }, null, 2);
    const short = shortened(body);
    expect(short.text.length).toBeLessThan(600);
    expect(short.text).toContain(PNG);
    expect(lengthened(short.text, short.whole)).toBe(body);
    const edited = lengthened(short.text.replace("image", "scan"), short.whole);
    expect(JSON.parse(edited).input_data).toEqual({ columns: ["scan"], data: [[LARGE], [PNG], [LARGE.replace("Ab", "Cd")]] });
    // What is edited is shown again as it was edited: the cursor stays where it is.
    expect(shortened(edited).text).toBe(short.text.replace("image", "scan"));
  });
  it("leaves other long texts alone", () => {
    const body = JSON.stringify({ data: ["A".repeat(5000), "a … b"] });
    expect(shortened(body)).toEqual({ text: body, whole: new Map() });
    expect(lengthened('{"a": "b … c"}', new Map([["x…y", "z"]]))).toBe('{"a": "b … c"}');
  });
});

describe("class probabilities of an answer", () => {
  it("are read from Azure AutoML's form, the likeliest first, with the answer's own decision", () => {
    const answer = JSON.stringify([{ probs: [0.4, 0.6], labels: ["normal", "pneumonia"], label: "normal" }]);
    expect(probabilitiesOf(answer)).toEqual([{ label: "normal", classes: [{ name: "pneumonia", share: 0.6 }, { name: "normal", share: 0.4 }] }]);
    expect(probabilitiesOf('{"probabilities": {"cat": 0.9, "dog": 0.1}}')?.[0]?.label).toBe("cat");
  });
  it("are read from predict_proba, and below MLflow's and AutoML's keys", () => {
    expect(probabilitiesOf("[[0.1, 0.9], [1, 0]]")?.map((one) => one.label)).toEqual(["1", "0"]);
    expect(probabilitiesOf('{"predictions": [{"a": 0.25, "b": 0.75}]}')?.[0]?.label).toBe("b");
    expect(probabilitiesOf('{"Results": [[0.5, 0.5]]}')).toHaveLength(1);
  });
  it("are not seen in what holds none", () => {
    for (const one of ["[0, 1]", "[[1, 2]]", '[{"x": 0.5}]', "text", "[]", "{}", '{"message": "bad"}', "[[0.2, 0.3]]", '[[0.1, 0.9], "x"]']) expect(probabilitiesOf(one)).toBeNull();
  });
});
