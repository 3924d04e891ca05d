// What the room's canvas is told to draw.
import { expect, test } from "vitest";
import { draw, type Scene } from "./draw3d";
import { camera, isOn, labelled, moved, type Place, START, type View, zoomed } from "./room";
import type { Scale, Three } from "./scales";

const [WIDTH, HEIGHT] = [600, 400];
const INK = { text: "text", faint: "faint", line: "line", edge: "edge", font: "sans" };
const PLACES: Place[] = [[0.1, 0.9, 0.5], [0.5, 0.1, 0.2], [0.9, 0.5, 0.8]];

const scale = (title: string, count: number): Scale => ({ title, share: Number, ticks: Array.from({ length: count }, (_, index) => ({ share: index / (count - 1), text: `${title}${index}` })) });
const SCALES: Three<Scale> = [scale("x", 3), scale("y", 4), scale("z", 5)];

/** A context that notes what is written, and the circles and lines that are drawn. */
function drawn(view: View, { scales = SCALES, chosen = -1 }: Partial<Scene> = {}) {
  const [texts, circles, lines]: [{ text: string; x: number; y: number }[], string[], string[]] = [[], [], []];
  const context = {
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillText: (text: string, x: number, y: number) => void texts.push({ text, x, y }),
    fill: () => void circles.push(context.fillStyle),
    stroke: () => void lines.push(context.strokeStyle),
    ...Object.fromEntries(["beginPath", "moveTo", "lineTo", "arc", "setLineDash"].map((name) => [name, () => undefined])),
    fillStyle: "",
    strokeStyle: "",
  };
  const at = camera(view, WIDTH, HEIGHT);
  const points = PLACES.map((place) => ({ place }));
  const scene = { width: WIDTH, height: HEIGHT, view, scales, points, spots: PLACES.map(at), colours: ["first", "second", "third"], radius: 5, chosen, ink: INK };
  draw(context as unknown as CanvasRenderingContext2D, scene);
  return { texts, circles, lines };
}

test("points are drawn from the farthest to the nearest, and lines lead from the chosen one to the walls", () => {
  const depth = camera(START, WIDTH, HEIGHT);
  const order = ["first", "second", "third"].sort((a, b) => depth(PLACES[["first", "second", "third"].indexOf(b)]!).depth - depth(PLACES[["first", "second", "third"].indexOf(a)]!).depth);
  expect(drawn(START).circles).toEqual(order);
  const [plain, one] = [drawn(START).lines, drawn(START, { chosen: 1 }).lines];
  expect(plain.filter((ink) => ink === "line")).toHaveLength(2 * (3 + 4 + 5));
  expect(one.slice(plain.length)).toEqual(["text", "faint", "faint", "faint"]);
});

test("each axis has its title and labels, inside the panel", () => {
  const { texts } = drawn(START);
  expect(texts.slice(0, 3).map((one) => one.text)).toEqual(["x", "y", "z"]);
  expect(texts.length).toBeGreaterThan(11);
  for (const { text, x, y } of texts) expect(isOn({ x, y, depth: 0, scale: 1 }, WIDTH, HEIGHT), text).toBe(true);
  const bare = drawn(START, { scales: [scale("x", 3), { ...scale("y", 3), ticks: [] }, scale("z", 3)] });
  for (const { x, y } of bare.texts) expect([x, y].every(Number.isFinite)).toBe(true);
  expect(bare.texts.map((one) => one.text)).toContain("y");
});

test("what is outside the panel has no label at its edge", () => {
  for (const view of [zoomed(START, 3), zoomed({ ...START, yaw: 20 }, 6), zoomed(START, 2, [0.8, 0.8])]) {
    const at = camera(view, WIDTH, HEIGHT);
    const begins = labelled(view, at);
    const spots = new Map(SCALES.flatMap(({ ticks }, axis) => ticks.map(({ share, text }) => [text, at(moved(begins[axis]!, axis, share))] as const)));
    for (const { text } of drawn(view).texts) expect(isOn(spots.get(text) ?? { x: 0, y: 0, depth: 0, scale: 1 }, WIDTH, HEIGHT), text).toBe(true);
  }
});
