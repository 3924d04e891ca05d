// Draws the room of the 3-D scatter on a canvas: walls with lines at the axes' marks, points, labels.
import { cut } from "./options";
import { behind, camera, isOn, labelled, moved, type Place, type Spot, type View } from "./room";
import type { Scale, Three } from "./scales";

export interface Ink {
  text: string;
  faint: string;
  line: string;
  edge: string;
  font: string;
}

export interface Scene {
  width: number;
  height: number;
  view: View;
  scales: Three<Scale>;
  points: readonly { place: Place }[];
  /** Of each point: where it is seen, and its colour. */
  spots: readonly Spot[];
  colours: readonly string[];
  radius: number;
  /** Index of the point that is looked at, or -1. */
  chosen: number;
  ink: Ink;
}

type At = (place: Place) => Spot;

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const at = camera(scene.view, scene.width, scene.height);
  walls(context, scene, at);
  labels(context, scene, at);
  const order = scene.spots.map((_, index) => index).sort((a, b) => scene.spots[b]!.depth - scene.spots[a]!.depth);
  for (const index of order) dot(context, scene, index);
  if (scene.chosen >= 0) beside(context, scene, at);
}

function line(context: CanvasRenderingContext2D, from: Spot, to: Spot): void {
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

/** The three walls behind everything, each with the lines of its two axes. */
function walls(context: CanvasRenderingContext2D, { view, scales, ink }: Scene, at: At): void {
  const corner = behind(view);
  context.lineWidth = 1;
  scales.forEach((scale, axis) => {
    for (const across of others(axis)) {
      const along = (share: number) => [0, 1].map((end) => at(moved(moved(corner, axis, share), across, end))) as [Spot, Spot];
      context.strokeStyle = ink.line;
      for (const { share } of scale.ticks) line(context, ...along(share));
      context.strokeStyle = ink.edge;
      for (const share of [0, 1]) line(context, ...along(share));
    }
  });
}

const others = (axis: number): number[] => [0, 1, 2].filter((one) => one !== axis);

function dot(context: CanvasRenderingContext2D, { spots, colours, radius, chosen, ink }: Scene, index: number): void {
  const spot = spots[index]!;
  context.beginPath();
  context.arc(spot.x, spot.y, radius * spot.scale, 0, 2 * Math.PI);
  context.globalAlpha = index === chosen ? 1 : 0.8;
  context.fillStyle = colours[index]!;
  context.fill();
  context.globalAlpha = 1;
  if (index !== chosen) return;
  context.strokeStyle = ink.text;
  context.lineWidth = 1.5;
  context.stroke();
}

/** Lines from the point that is looked at to the walls: they show where it is. */
function beside(context: CanvasRenderingContext2D, { view, points, spots, chosen, ink }: Scene, at: At): void {
  const corner = behind(view);
  context.strokeStyle = ink.faint;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  for (const axis of [0, 1, 2]) line(context, spots[chosen]!, at(moved(points[chosen]!.place, axis, corner[axis]!)));
  context.setLineDash([]);
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const SIZE = 11;
const GAP = 8;
const LONGEST = 28;
const UPRIGHT = 2; // the axis whose title stands above it: beside it there is no room on a narrow page

/** The titles of the axes, then as many labels of their marks as find room. */
function labels(context: CanvasRenderingContext2D, { scales, view, ink, width, height }: Scene, at: At): void {
  const taken: Box[] = [];
  const middle = at([0.5, 0.5, 0.5]);
  const begins = labelled(view, at);
  const ways = scales.map((_, axis) => outward(at(moved(begins[axis]!, axis, 0)), at(moved(begins[axis]!, axis, 1)), middle));
  const write = (text: string, spot: Spot, [right, down]: readonly [number, number], away: number) => {
    if (!isOn(spot, width, height)) return; // at the panel's edge it would stand at another line
    const half = context.measureText(text).width / 2;
    const [x, y] = [spot.x + right * (away + half), spot.y + down * (away + SIZE / 2)];
    const inside = Math.min(Math.max(x, half + 2), width - half - 2);
    const box = { left: inside - half - 3, right: inside + half + 3, top: y - SIZE / 2, bottom: y + SIZE / 2 };
    if (y < SIZE / 2 || y > height - SIZE / 2 || taken.some((one) => isOver(one, box))) return;
    taken.push(box);
    context.fillText(text, inside, y);
  };
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink.text;
  context.font = `600 ${SIZE}px ${ink.font}`;
  scales.forEach(({ title, ticks }, axis) => {
    const text = cut(title, LONGEST);
    if (axis === UPRIGHT) return write(text, at(moved(begins[axis]!, axis, 1)), [0, -1], GAP * 1.5);
    const [right, down] = ways[axis]!;
    const widest = Math.max(0, ...ticks.map((one) => context.measureText(one.text).width));
    write(text, at(moved(begins[axis]!, axis, 0.5)), ways[axis]!, GAP * 2 + Math.abs(right) * widest + Math.abs(down) * SIZE);
  });
  context.fillStyle = ink.faint;
  context.font = `${SIZE}px ${ink.font}`;
  scales.forEach(({ ticks }, axis) => {
    for (const { share, text } of ticks) write(text, at(moved(begins[axis]!, axis, share)), ways[axis]!, GAP);
  });
}

/** Return which way, at right angles to an edge, leads away from the middle; one pixel long. */
function outward(from: Spot, to: Spot, middle: Spot): readonly [number, number] {
  const [along, down] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(along, down) || 1;
  const [right, below] = [-down / length, along / length];
  const isOut = right * ((from.x + to.x) / 2 - middle.x) + below * ((from.y + to.y) / 2 - middle.y) >= 0;
  return isOut ? [right, below] : [-right, -below];
}

const isOver = (one: Box, other: Box): boolean => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
