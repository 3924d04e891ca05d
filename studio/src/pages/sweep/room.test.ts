import { expect, test } from "vitest";
import { behind, camera, labelled, pick, type Place, type Spot, START, turned, type View, zoomed } from "./room";

const flat: View = { yaw: 0, pitch: 0, zoom: 1 };
const seen = (view: View, place: Place) => camera(view, 600, 400)(place);

test("seen from the front the first axis runs to the right, the second away, the third upwards", () => {
  const middle = seen(flat, [0.5, 0.5, 0.5]);
  expect(middle).toEqual({ x: 300, y: 200, depth: 0, scale: 1 });
  expect(seen(flat, [1, 0.5, 0.5]).x).toBeGreaterThan(400);
  expect(seen(flat, [0.5, 1, 0.5]).depth).toBeGreaterThan(0);
  expect(seen(flat, [0.5, 0.5, 1]).y).toBeLessThan(150);
});

test("what is farther away looks smaller", () => {
  const [near, far] = [0, 1].map((y) => seen(flat, [1, y, 0.5])) as [Spot, Spot];
  expect(near.scale).toBeGreaterThan(1);
  expect(far.scale).toBeLessThan(1);
  expect(near.x).toBeGreaterThan(far.x);
});

test("a turn to the right moves what is in front to the right, one upwards shows it lower; none goes over the top", () => {
  const front: Place = [0.5, 0, 0.5];
  const before = seen(START, front);
  expect(seen(turned(START, 10, 0), front).x).toBeGreaterThan(before.x);
  expect(seen(turned(START, 0, 10), front).y).toBeGreaterThan(before.y);
  expect(turned(START, 0, 500).pitch).toBe(90);
  expect(turned(START, 0, -500).pitch).toBe(-90);
  expect(turned(START, 360 * 3 + 30, 0).yaw).toBeCloseTo(-5);
  expect(turned(START, -200, 0).yaw).toBeCloseTo(125);
});

test("the zoom has limits and keeps the middle where it is", () => {
  expect(seen(zoomed(flat, 2), [1, 0.5, 0.5]).x - 300).toBeCloseTo(2 * (seen(flat, [1, 0.5, 0.5]).x - 300));
  expect(seen(zoomed(flat, 2), [0.5, 0.5, 0.5])).toMatchObject({ x: 300, y: 200 });
  expect(zoomed(flat, 1e9).zoom).toBe(8);
  expect(zoomed(flat, 0).zoom).toBe(0.5);
});

test("a zoom keeps what it is made at, and the room comes back to the middle when it fits again", () => {
  const outer: Place = [1, 0.2, 0.9];
  const { x, y } = seen(START, outer);
  const near = [2, 1.5, 2].reduce((view, factor) => zoomed(view, factor, [x / 300 - 1, y / 200 - 1]), START);
  expect(near.zoom).toBe(6);
  expect(seen(near, outer)).toMatchObject({ x: expect.closeTo(x), y: expect.closeTo(y) });
  expect(seen(zoomed(near, 1 / 6, [-1, 1]), outer)).toMatchObject({ x: expect.closeTo(x), y: expect.closeTo(y) });
});

test("the room fits its panel, however narrow and however it is turned", () => {
  for (const [width, height] of [[1100, 460], [240, 300]] as const) {
    for (const pitch of [-90, -30, 0, 20, 45, 70, 90]) {
      for (const yaw of [-45, -35, 0, 80, 135]) {
        const at = camera({ yaw, pitch, zoom: 1 }, width, height);
        const corners = Array.from({ length: 8 }, (_, index) => at([index & 1, (index >> 1) & 1, index >> 2] as unknown as Place));
        expect(Math.min(...corners.map((one) => one.x))).toBeGreaterThan(20);
        expect(Math.max(...corners.map((one) => one.x))).toBeLessThan(width - 20);
        expect(Math.min(...corners.map((one) => one.y))).toBeGreaterThan(20);
        expect(Math.max(...corners.map((one) => one.y))).toBeLessThan(height - 20);
      }
    }
  }
});

test("walls stand behind everything, and labels at edges that are not before them", () => {
  for (let yaw = -170; yaw < 180; yaw += 20) {
    for (const pitch of [-60, -10, 10, 60]) {
      const view = { yaw, pitch, zoom: 1 };
      const at = camera(view, 600, 400);
      behind(view).forEach((end, axis) => {
        const wall = (share: number) => at([0.5, 0.5, 0.5].map((one, other) => (other === axis ? share : one)) as unknown as Place).depth;
        expect(wall(end)).toBeGreaterThan(wall(1 - end));
      });
      // An edge of the outline: of the two walls that meet there, one is behind and one in front.
      labelled(view, at).forEach((begin, axis) => {
        const isBehind = begin.map((share, other) => other !== axis && share === behind(view)[other]);
        expect(isBehind.filter(Boolean)).toHaveLength(1);
      });
    }
  }
});

test("the pointer means the foremost of the points under it, else the nearest within reach", () => {
  const spot = (x: number, depth: number, scale = 1): Spot => ({ x, y: 0, depth, scale });
  const spots = [spot(0, 2), spot(3, -1), spot(50, 0), spot(60, 0)];
  expect(pick(spots, { x: 1, y: 0 }, 5, 3)).toBe(1);
  expect(pick(spots, { x: 1, y: 0 }, 1.5, 3)).toBe(0);
  expect(pick(spots, { x: 54, y: 0 }, 2, 3)).toBe(2);
  expect(pick(spots, { x: 57, y: 0 }, 2, 3)).toBe(3);
  expect(pick(spots, { x: 30, y: 0 }, 5, 3)).toBe(-1);
  expect(pick([spot(0, 0, 3)], { x: 14, y: 0 }, 5, 0)).toBe(0);
  expect(pick([], { x: 0, y: 0 }, 5, 3)).toBe(-1);
});
