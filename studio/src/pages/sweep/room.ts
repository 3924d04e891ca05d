// The room of the 3-D scatter: how it is turned, where its places lie on the screen, which of its points is meant. No drawing.

/** Degrees: `yaw` around the upright axis, `pitch` how far the eye is above the floor. */
export interface View {
  yaw: number;
  pitch: number;
  zoom: number;
  /** How far zooming has moved the middle of the room: to the right and down, in halves of the panel. */
  aside?: Aside;
}

export type Aside = readonly [number, number];

/** A place in the room: along each axis, the upright one last, from 0 to 1. */
export type Place = readonly [number, number, number];

/** A place on the screen, in pixels. */
export interface Spot {
  x: number;
  y: number;
  /** Larger is farther away; 0 in the middle of the room. */
  depth: number;
  /** How much larger than in the middle of the room things look there. */
  scale: number;
}

// Both axes of the floor run from left to right.
export const START: View = { yaw: -35, pitch: 20, zoom: 1 };

const HALF: Place = [1.25, 1.25, 0.85]; // wider than high, as panels are
const EYE = 7; // from the middle of the room: near enough to tell front from back, far enough to compare lengths
const CORNER = Math.hypot(HALF[0], HALF[1]); // from the middle of the floor
const BESIDE = 44; // pixels for labels, left and right
const ABOVE = 26;
const [LEAST_ZOOM, MOST_ZOOM] = [0.5, 8];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Return the view after a turn: to the right as what is in front moves, and so that more is seen from above. */
export function turned(view: View, right: number, above: number): View {
  const yaw = ((((view.yaw + right + 180) % 360) + 360) % 360) - 180;
  return { ...view, yaw, pitch: between(view.pitch + above, -90, 90) };
}

/** Return the view after a zoom that leaves in its place what is at `fixed`: to the right of the panel's middle and down, in halves of the panel. */
export function zoomed(view: View, factor: number, fixed: Aside = [0, 0]): View {
  const zoom = between(view.zoom * factor, LEAST_ZOOM, MOST_ZOOM);
  // As far as the room is larger than the panel: it never leaves it, and is back in the middle when it fits again.
  const most = Math.max(zoom - 1, 0);
  const aside = fixed.map((at, axis) => between(at - (at - (view.aside?.[axis] ?? 0)) * (zoom / view.zoom), -most, most));
  return { ...view, zoom, aside: aside as unknown as Aside };
}

/** Return what tells where on a panel a place of the room is seen. */
export function camera({ yaw, pitch, zoom, aside: [right, down] = [0, 0] }: View, width: number, height: number): (place: Place) => Spot {
  const [sinYaw, cosYaw] = [Math.sin(radians(yaw)), Math.cos(radians(yaw))];
  const [sinPitch, cosPitch] = [Math.sin(radians(pitch)), Math.cos(radians(pitch))];
  const scaleAt = (depth: number) => EYE / (EYE + depth);
  const depthOf = (back: number, up: number) => back * cosPitch - up * sinPitch;
  const riseOf = (back: number, up: number) => (up * cosPitch + back * sinPitch) * scaleAt(depthOf(back, up));
  // Zoom 1 fills the panel with the room, wherever its corners are.
  const rises = [-CORNER, CORNER].flatMap((back) => [-HALF[2], HALF[2]].map((up) => riseOf(back, up)));
  const [lowest, highest] = [Math.min(...rises), Math.max(...rises)];
  const fit = Math.min((width / 2 - BESIDE) / CORNER, (height - 2 * ABOVE) / (highest - lowest));
  const unit = Math.max(fit, 1) * zoom;
  const centre = (width / 2) * (1 + right);
  const middle = (height / 2) * (1 + down) + ((highest + lowest) / 2) * unit;
  return (place) => {
    const [x, y, z] = [0, 1, 2].map((axis) => (2 * place[axis]! - 1) * HALF[axis]!) as [number, number, number];
    const back = x * sinYaw + y * cosYaw;
    const depth = depthOf(back, z);
    const scale = scaleAt(depth);
    return { x: centre + (x * cosYaw - y * sinYaw) * scale * unit, y: middle - riseOf(back, z) * unit, depth, scale };
  };
}

/** Tell whether a place on the screen is on a panel. */
export const isOn = ({ x, y }: Spot, width: number, height: number): boolean => x >= 0 && x <= width && y >= 0 && y <= height;

/** Return at which end of each axis the wall is that stands behind everything: 0 or 1. */
export function behind({ yaw, pitch }: View): Place {
  const along = [Math.sin(radians(yaw)) * Math.cos(radians(pitch)), Math.cos(radians(yaw)) * Math.cos(radians(pitch)), -Math.sin(radians(pitch))];
  return along.map((one) => (one > 0 ? 1 : 0)) as unknown as Place;
}

/** Return a place with one of its parts changed. */
export const moved = (place: Place, axis: number, share: number): Place => place.map((one, at) => (at === axis ? share : one)) as unknown as Place;

/** Return for each axis where it begins: the edge of the room that carries its labels, outside of what is drawn. */
export function labelled(view: View, at: (place: Place) => Spot): readonly Place[] {
  const [x, y, z] = behind(view);
  const upright = [[1 - x, y, 0] as const, [x, 1 - y, 0] as const];
  const [left, right] = upright.map((one) => at(one).x) as [number, number];
  return [[0, 1 - y, z], [1 - x, 0, z], left <= right ? upright[0]! : upright[1]!];
}

/**
 * Return the index of the point that a pointer means, or -1: the foremost of those under it, else the nearest one that is
 * not farther than `slack` pixels from it.
 */
export function pick(spots: readonly Spot[], pointer: { x: number; y: number }, radius: number, slack: number): number {
  let [found, nearest, foremost] = [-1, Infinity, Infinity];
  spots.forEach((spot, index) => {
    const away = Math.max(Math.hypot(spot.x - pointer.x, spot.y - pointer.y) - radius * spot.scale, 0);
    if (away > slack || away > nearest || (away === nearest && spot.depth >= foremost)) return;
    [found, nearest, foremost] = [index, away, spot.depth];
  });
  return found;
}
