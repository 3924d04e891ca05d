// Points in a room that is turned and zoomed with pointer, fingers or keys; what is under the pointer is told beside it.
import { ActionIcon, useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { useWidth } from "@/parts/useWidth";
import { draw, type Ink, type Scene } from "./draw3d";
import { camera, isOn, pick, type Spot, START, turned, type View, zoomed } from "./room";
import type { Point, Scale, Three } from "./scales";
import classes from "./Sweep.module.css";
import { sweepTexts } from "./texts";
import type { Trial } from "./trials";

interface CloudProps {
  title: string;
  /** The id of the words that say how to use it. */
  described: string;
  scales: Three<Scale>;
  points: readonly Point[];
  colours: readonly string[];
  view: View;
  onView(change: (view: View) => View): void;
  /** A click with the mouse; a tap shows the tip instead, which has a link. */
  onOpen(trial: Trial): void;
  tip(trial: Trial): ReactNode;
  legend: ReactNode;
}

export const HIGHEST = 460;
export const STEEP = 0.85; // how high it is for its width, where it is not as high as it may be
const LEGEND = 56; // pixels at the right
const DEGREES_A_PIXEL = 0.4;
const DEGREES_A_KEY = 5;
const ZOOM_A_KEY = 1.2;
const STILL = 4; // pixels that a click may move
const AWAY = 14; // pixels from a point to what is told of it

const KEYS: Record<string, (view: View) => View> = {
  ArrowLeft: (view) => turned(view, -DEGREES_A_KEY, 0),
  ArrowRight: (view) => turned(view, DEGREES_A_KEY, 0),
  ArrowUp: (view) => turned(view, 0, -DEGREES_A_KEY),
  ArrowDown: (view) => turned(view, 0, DEGREES_A_KEY),
  "+": (view) => zoomed(view, ZOOM_A_KEY),
  "=": (view) => zoomed(view, ZOOM_A_KEY),
  "-": (view) => zoomed(view, 1 / ZOOM_A_KEY),
  Home: () => START,
};

export function Cloud({ title, described, scales, points, colours, view, onView, onOpen, tip, legend }: CloudProps) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const height = Math.round(Math.min(HIGHEST, Math.max(width * STEEP, 1)));
  const room = Math.max(width - LEGEND, 1);
  const radius = points.length > 300 ? 3.5 : 5.5;
  const [shown, setShown] = useState<{ name: string; isPinned: boolean } | null>(null);
  const spots = useMemo(() => {
    const at = camera(view, room, height);
    return points.map((one) => at(one.place));
  }, [points, view, room, height]);
  const chosen = shown ? points.findIndex((one) => one.trial.name === shown.name) : -1;
  const canvas = useDrawing({ width, height }, { width: room, height, view, scales, points, spots, colours, radius, chosen });
  const placeOf = (on: OnScreen) => {
    const box = ref.current!.getBoundingClientRect();
    return { x: on.clientX - box.left, y: on.clientY - box.top };
  };
  const at = (event: PointerEvent, slack: number) => points[pick(spots, placeOf(event), radius, slack)]?.trial;
  const onZoom = (factor: number, on: OnScreen) => {
    const { x, y } = placeOf(on);
    onView((view) => zoomed(view, factor, [(2 * x) / room - 1, (2 * y) / height - 1]));
  };
  useWheel(ref, onZoom);
  const hands = useHands({
    onView,
    onZoom,
    onHover: (event) => {
      const found = at(event, 3);
      if (found?.name !== shown?.name || shown?.isPinned) setShown(found ? { name: found.name, isPinned: false } : null);
    },
    onTap: (event) => {
      const isMouse = event.pointerType === "mouse";
      const found = at(event, isMouse ? 3 : 14);
      if (isMouse && found) onOpen(found);
      else setShown(found ? { name: found.name, isPinned: true } : null);
    },
    onLeave: () => setShown((before) => (before?.isPinned ? before : null)),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") setShown(null);
    const change = KEYS[event.key];
    if (!change) return;
    event.preventDefault();
    onView(change);
  };
  return (
    <div className={classes.cloud} style={{ height }}>
      <div ref={ref} className={classes.room} role="application" aria-label={title} aria-describedby={described} tabIndex={0} data-over={chosen >= 0} onKeyDown={onKeyDown} {...hands}>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <div className={classes.legend} style={{ width: LEGEND }}>{legend}</div>
      <Zoom onView={onView} />
      {chosen >= 0 && shown && isOn(spots[chosen]!, width, height) ? <Tip spot={spots[chosen]!} width={room} height={height} isPinned={shown.isPinned}>{tip(points[chosen]!.trial)}</Tip> : null}
    </div>
  );
}

type OnView = CloudProps["onView"];
type OnScreen = Pick<PointerEvent, "clientX" | "clientY">;
/** Zooms towards a place on the screen. */
type OnZoom = (factor: number, on: OnScreen) => void;

function Zoom({ onView }: { onView: OnView }) {
  const t = useTexts(sweepTexts);
  const button = (label: string, icon: "plus" | "minus" | "refresh", change: (view: View) => View) => (
    <ActionIcon variant="default" size="sm" title={label} aria-label={label} onClick={() => onView(change)}>
      <Icon name={icon} size={13} />
    </ActionIcon>
  );
  return (
    <div className={classes.zoom}>
      {button(t("zoomIn"), "plus", KEYS["+"]!)}
      {button(t("zoomOut"), "minus", KEYS["-"]!)}
      {button(t("resetView"), "refresh", KEYS.Home!)}
    </div>
  );
}

interface TipProps {
  spot: Spot;
  width: number;
  height: number;
  isPinned: boolean;
  children: ReactNode;
}

const NARROW = 520; // where a tip has no room to the left or right of its point

function Tip({ spot, width, height, isPinned, children }: TipProps) {
  const [isLeft, isUp] = [spot.x > width / 2, spot.y > height / 2];
  const beside = { top: spot.y, transform: "translateY(-50%)", ...(isLeft ? { right: `calc(100% - ${spot.x - AWAY}px)` } : { left: spot.x + AWAY }) };
  const over = { left: 0, maxWidth: "100%", ...(isUp ? { bottom: height - spot.y + AWAY } : { top: spot.y + AWAY }) };
  return (
    <div className={classes.tip} data-pinned={isPinned} style={width < NARROW ? over : beside}>
      {children}
    </div>
  );
}

/** Draw whenever something changed; `panel` is the canvas, of which the scene is the left part. */
function useDrawing(panel: { width: number; height: number }, scene: Omit<Scene, "ink">) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const ratio = useRatio();
  const { width, height } = panel;
  const { view, scales, points, spots, colours, radius, chosen } = scene;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width <= 0) return;
    Object.assign(canvas.current, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.current.style, { width: `${width}px`, height: `${height}px` });
    context.scale(ratio, ratio);
    draw(context, { width: scene.width, height, view, scales, points, spots, colours, radius, chosen, ink: inkNow() });
  }, [scheme, ratio, width, height, scene.width, view, scales, points, spots, colours, radius, chosen]);
  return canvas;
}

/** How many pixels of the screen one of the page's has: that changes when the window goes to another screen, or is zoomed. */
function useRatio(): number {
  const [ratio, setRatio] = useState(() => window.devicePixelRatio || 1);
  useEffect(() => {
    const same = window.matchMedia(`(resolution: ${ratio}dppx)`);
    const change = () => setRatio(window.devicePixelRatio || 1);
    same.addEventListener("change", change);
    return () => same.removeEventListener("change", change);
  }, [ratio]);
  return ratio;
}

function inkNow(): Ink {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return { text: colour("--b-text"), faint: colour("--b-faint"), line: colour("--b-line"), edge: colour("--b-line-strong"), font: getComputedStyle(document.body).fontFamily };
}

/** The wheel zooms where the room has the focus, or with Ctrl (as two fingers on a touchpad say it); else it scrolls the page. */
function useWheel(ref: React.RefObject<HTMLDivElement | null>, onZoom: OnZoom): void {
  const newest = useRef(onZoom);
  newest.current = onZoom;
  useEffect(() => {
    const element = ref.current;
    const zoom = (event: WheelEvent) => {
      if (!event.ctrlKey && document.activeElement !== element) return;
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1);
      newest.current(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015)), event);
    };
    // Not by React, whose listeners cannot keep the page from scrolling.
    element?.addEventListener("wheel", zoom, { passive: false });
    return () => element?.removeEventListener("wheel", zoom);
  }, [ref]);
}

interface Hands {
  onView: OnView;
  onZoom: OnZoom;
  onHover(event: PointerEvent): void;
  onTap(event: PointerEvent): void;
  onLeave(): void;
}

/** One pointer turns, two zoom by the way between them; one that hardly moved is a click or a tap. */
function useHands({ onView, onZoom, onHover, onTap, onLeave }: Hands) {
  const down = useRef(new Map<number, { x: number; y: number }>());
  const way = useRef(0);
  const pair = () => {
    const [one, other] = [...down.current.values()];
    return one && other ? { apart: Math.hypot(one.x - other.x, one.y - other.y), clientX: (one.x + other.x) / 2, clientY: (one.y + other.y) / 2 } : null;
  };
  const release = (event: PointerEvent) => down.current.delete(event.pointerId);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      way.current = down.current.size ? Infinity : 0; // what two fingers do is no tap
      down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      const before = down.current.get(event.pointerId);
      if (!before) {
        if (event.pointerType === "mouse") onHover(event);
        return;
      }
      const [right, below, both] = [event.clientX - before.x, event.clientY - before.y, pair()];
      down.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      way.current += Math.hypot(right, below);
      const now = pair();
      // Fingers that meet would zoom by nothing or without end.
      if (both && now) onZoom(both.apart && now.apart ? now.apart / both.apart : 1, now);
      else if (way.current > STILL) onView((view) => turned(view, right * DEGREES_A_PIXEL, below * DEGREES_A_PIXEL));
    },
    onPointerUp: (event: PointerEvent) => {
      if (release(event) && !down.current.size && way.current <= STILL) onTap(event);
    },
    onPointerCancel: release,
    onPointerLeave: onLeave,
  };
}
