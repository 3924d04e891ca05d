// The 3-D scatter as a user meets it: its points under the pointer, its view under the keys, and why it may be empty.
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, cleanup, configure, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { formatsOf } from "@/i18n/formats";
import { parseSearch, stringifySearch } from "@/parts/urlState";
import { camera, START, turned, type View, zoomed } from "./room";
import { Scatter3d } from "./Scatter3d";
import { pointsOf, scaleOf, type Three } from "./scales";
import { axesOf, type Trial } from "./trials";

configure({ asyncUtilTimeout: 30_000 });

const WIDTH = 600;
// What `Cloud` leaves of it for the room, beside the scale of colours; and how high it makes the room.
const [ROOM, HEIGHT] = [WIDTH - 56, 460];

class Observer {
  constructor(private readonly tell: ResizeObserverCallback) {}
  observe() {
    this.tell([{ contentRect: { width: WIDTH } } as ResizeObserverEntry], this as unknown as ResizeObserver);
  }
  unobserve() {}
  disconnect() {}
}

function trial(number: number, value: number | undefined, parameters: Record<string, unknown>): Trial {
  return { name: `sweep_${number}`, trial: number, status: value === undefined ? "Failed" : "Completed", parameters, seconds_waiting: 0, created_at: "2026-01-01T00:00:00Z", ...(value === undefined ? {} : { value }) };
}

const TRIALS = [trial(0, 0.5, { rate: 0.001, kind: "gini", depth: 2 }), trial(1, 0.9, { rate: 0.9, kind: "entropy", depth: 8 }), trial(2, 0.7, { rate: 0.03, kind: "gini", depth: 5 }), trial(3, undefined, { rate: 0.5, kind: "gini", depth: 5 })];
const LOGGED: Record<string, Record<string, number>> = { sweep_0: { loss: 3 }, sweep_1: { loss: 1 }, sweep_2: { loss: 2 } };

const addressOf = (asked: string | Request) => (typeof asked === "string" ? asked : asked.url);

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", Observer);
  vi.stubGlobal("fetch", async (asked: string | Request) => {
    const body = addressOf(asked).includes("/rows") ? { items: Object.entries(LOGGED).map(([name, metrics]) => ({ name, metrics })), total: 3, offset: 0 } : { metrics: { Score: 0.5, loss: 3 }, params: {}, tags: {} };
    return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function shown(trials: readonly Trial[], search = "") {
  let say: (trials: readonly Trial[]) => void = () => undefined;
  const Page = () => {
    const [given, setGiven] = useState(trials);
    say = setGiven;
    return <Scatter3d ws="w" name="sweep" trials={given} axes={axesOf(given, ["rate", "kind", "depth"], "Score")} isMinimized={false} />;
  };
  const root = createRootRoute();
  const routes = [createRoute({ getParentRoute: () => root, path: "/", component: Page }), createRoute({ getParentRoute: () => root, path: "/workspaces/$ws/jobs/$name" })];
  const router = createRouter({ routeTree: root.addChildren(routes), history: createMemoryHistory({ initialEntries: [`/${search}`] }), parseSearch, stringifySearch });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <MantineProvider>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { router, say: (next: readonly Trial[]) => act(() => say(next)) };
}

/** Where on the screen a trial stands. */
function spot(name: string, view: View = START, trials: readonly Trial[] = TRIALS) {
  const [rate, kind, , metric] = axesOf(trials, ["rate", "kind", "depth"], "Score");
  const axes: Three<NonNullable<typeof rate>> = [rate!, kind!, metric!];
  const scored = trials.filter((one) => one.value !== undefined);
  const { points } = pointsOf(scored, axes, axes.map((one) => scaleOf(scored, one, formatsOf("en"))) as never);
  const { x, y } = camera(view, ROOM, HEIGHT)(points.find((one) => one.trial.name === name)!.place);
  return { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", button: 0 };
}

const room = () => screen.findByRole("application", { name: "3-D scatter: rate, kind and Score; the colour is Score" });

test("a point tells its trial under the pointer and opens it by a click; a drag only turns", async () => {
  const { router } = await shown(TRIALS);
  const place = await room();
  fireEvent.pointerMove(place, spot("sweep_1"));
  const link = screen.getByRole("link", { name: "#1 sweep_1" });
  expect(within(link.parentElement!).getAllByRole("definition").map((one) => one.textContent)).toEqual(["0.9", "0.9", "entropy", "8"]);
  fireEvent.pointerLeave(place);
  expect(screen.queryByRole("link")).toBeNull();
  fireEvent.pointerDown(place, spot("sweep_1"));
  fireEvent.pointerMove(place, { ...spot("sweep_1"), clientX: 500 });
  fireEvent.pointerUp(place, { ...spot("sweep_1"), clientX: 500 });
  expect(router.state.location.pathname).toBe("/");
  fireEvent.click(screen.getByRole("button", { name: "Reset the view" }));
  fireEvent.pointerDown(place, spot("sweep_1"));
  fireEvent.pointerUp(place, spot("sweep_1"));
  await waitFor(() => expect(router.state.location.pathname).toBe("/workspaces/w/jobs/sweep_1"));
});

test("a tap keeps the tip, whose link leads on, and another beside the points lets it go", async () => {
  await shown(TRIALS);
  const place = await room();
  const tap = (at: object) => {
    fireEvent.pointerDown(place, at);
    fireEvent.pointerUp(place, at);
    fireEvent.pointerLeave(place, at);
  };
  tap({ ...spot("sweep_0"), pointerType: "touch" });
  expect(screen.getByRole("link", { name: "#0 sweep_0" }).getAttribute("href")).toBe("/workspaces/w/jobs/sweep_0");
  tap({ ...spot("sweep_0"), clientX: 5, clientY: 5, pointerType: "touch" });
  expect(screen.queryByRole("link")).toBeNull();
});

test("keys turn and zoom, and trials that come in leave the view as it is", async () => {
  const { say } = await shown(TRIALS);
  const place = await room();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "+"]) expect(fireEvent.keyDown(place, { key })).toBe(false);
  const view = { ...turned(START, 10, 5), zoom: 1.2 };
  fireEvent.pointerMove(place, spot("sweep_1", view));
  screen.getByRole("link", { name: "#1 sweep_1" });
  const more = [...TRIALS, trial(4, 0.6, { rate: 0.2, kind: "gini", depth: 3 })];
  say(more);
  fireEvent.pointerMove(place, spot("sweep_4", view, more));
  screen.getByRole("link", { name: "#4 sweep_4" });
  fireEvent.keyDown(place, { key: "Home" });
  fireEvent.pointerMove(place, spot("sweep_4", START, more));
  screen.getByRole("link", { name: "#4 sweep_4" });
  expect(fireEvent.keyDown(place, { key: "Tab" })).toBe(true);
});

test("two fingers zoom as far as they go apart, however many of their moves come at once", async () => {
  await shown(TRIALS);
  const place = await room();
  const finger = (pointerId: number, from: number) => ({ pointerId, pointerType: "touch", button: 0, clientX: ROOM / 2 + from, clientY: HEIGHT / 2 });
  for (const down of [finger(1, -50), finger(2, 50)]) fireEvent.pointerDown(place, down);
  act(() => [finger(1, -75), finger(2, 75), finger(1, -100), finger(2, 100)].forEach((one) => void fireEvent.pointerMove(place, one)));
  for (const up of [finger(1, -100), finger(2, 100)]) fireEvent.pointerUp(place, up);
  const middles = [-12.5, 0, -12.5, 0];
  const view = [125 / 100, 150 / 125, 175 / 150, 200 / 175].reduce((before, factor, index) => zoomed(before, factor, [(2 * middles[index]!) / ROOM, 0]), START);
  expect(view.zoom).toBeCloseTo(2);
  fireEvent.pointerMove(place, spot("sweep_2", view));
  screen.getByRole("link", { name: "#2 sweep_2" });
});

test("the wheel zooms towards the pointer; a tip goes when its point has left the chart", async () => {
  await shown(TRIALS);
  const place = await room();
  const outer = spot("sweep_1");
  // Happy DOM's wheel is nowhere, and without keys.
  const zoom = (deltaY: number, at: object) => fireEvent(place, Object.assign(new WheelEvent("wheel", { deltaY, bubbles: true, cancelable: true }), { ctrlKey: true, ...at }));
  zoom(-150, outer);
  fireEvent.pointerMove(place, outer);
  screen.getByRole("link", { name: "#1 sweep_1" });
  zoom(150, { clientX: ROOM / 2, clientY: HEIGHT / 2 });
  fireEvent.pointerMove(place, outer);
  screen.getByRole("link", { name: "#1 sweep_1" });
  zoom(-200, { clientX: ROOM - outer.clientX, clientY: HEIGHT - outer.clientY });
  expect(screen.queryByRole("link")).toBeNull();
});

test("it is drawn anew, as sharp as the screen, where the window goes to another screen", async () => {
  const context = new Proxy({} as Record<string, unknown>, { get: (own, name) => own[String(name)] ?? (() => ({ width: 10 })) });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(context as never);
  const asked: [string, () => void][] = [];
  const match = window.matchMedia.bind(window);
  vi.stubGlobal("matchMedia", (query: string) => Object.assign(match(query), { addEventListener: (_name: string, listener: () => void) => asked.push([query, listener]) }));
  vi.stubGlobal("devicePixelRatio", 1);
  await shown(TRIALS);
  const canvas = (await room()).querySelector("canvas")!;
  expect([canvas.width, canvas.style.width]).toEqual([WIDTH, `${WIDTH}px`]);
  vi.stubGlobal("devicePixelRatio", 2);
  act(() => asked.findLast(([query]) => query.includes("1dppx"))![1]());
  expect([canvas.width, canvas.style.width]).toEqual([2 * WIDTH, `${WIDTH}px`]);
});

test("its words count what is drawn, and its table has every trial", async () => {
  vi.stubGlobal("matchMedia", (query: string) => ({ matches: query === "(pointer: coarse)", addEventListener: () => undefined, removeEventListener: () => undefined }));
  await shown(TRIALS);
  const place = await room();
  const words = document.getElementById(place.getAttribute("aria-describedby")!)!.textContent;
  expect(words).toContain("3 of 4 trials; the others have no Score");
  expect(words).toContain("two fingers zoom");
  fireEvent.click(screen.getByRole("button", { name: "As a table" }));
  expect(screen.getAllByRole("row")).toHaveLength(5);
});

test("axes are chosen by the address: of parameters and of whatever metric was logged", async () => {
  await shown(TRIALS, "?x=depth&z=metrics.loss");
  await screen.findByRole("application", { name: "3-D scatter: depth, rate and loss; the colour is Score" });
  const picks = ["X", "Y", "Z"].map((name) => (screen.getByRole("combobox", { name }) as HTMLInputElement).value);
  expect(picks).toEqual(["depth", "rate", "loss"]);
});

test("a parameter can be called as a metric is", async () => {
  const warned = vi.spyOn(console, "error");
  await shown(TRIALS.map((one) => ({ ...one, parameters: { value: one.trial, Score: 2 * one.trial } })));
  await screen.findByRole("application", { name: "3-D scatter: value, Score and metrics.Score; the colour is metrics.Score" });
  fireEvent.click(screen.getByRole("button", { name: "As a table" }));
  expect(screen.getAllByRole("columnheader").map((one) => one.textContent)).toEqual(["Trial", "value", "Score", "metrics.Score"]);
  expect(warned).not.toHaveBeenCalled();
});

test("a logged metric that nobody chose has its values too, where there are not three axes without it", async () => {
  await shown([0, 1, 2].map((one) => trial(one, one / 2, { rate: one + 1 })));
  const place = await screen.findByRole("application", { name: "3-D scatter: rate, loss and Score; the colour is Score" });
  expect(document.getElementById(place.getAttribute("aria-describedby")!)!.textContent).toContain("3 trials.");
});

test("where metrics cannot be asked for it says so, and asks again", async () => {
  const answer = fetch;
  const away = (word: string) => vi.stubGlobal("fetch", (asked: string | Request) => (addressOf(asked).includes(word) ? Promise.reject(new TypeError("Failed to fetch")) : answer(asked)));
  const retry = () => fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  away("/rows");
  await shown(TRIALS, "?x=metrics.loss");
  await screen.findByRole("alert");
  expect(screen.queryByText("No points to draw")).toBeNull();
  vi.stubGlobal("fetch", answer);
  retry();
  await screen.findByRole("application", { name: "3-D scatter: loss, rate and Score; the colour is Score" });
  expect(screen.queryByRole("alert")).toBeNull();
  cleanup();
  away("/summary");
  await shown([trial(0, 0.5, { rate: 0.1 })]);
  await screen.findByRole("alert");
  expect(screen.queryByText("Three axes are needed")).toBeNull();
});

test("what comes later has its place from the beginning", async () => {
  let go: () => void = () => undefined;
  const [answer, wait] = [fetch, new Promise<void>((done) => (go = done))];
  vi.stubGlobal("fetch", (asked: string | Request) => (addressOf(asked).includes("/rows") ? wait.then(() => answer(asked)) : answer(asked)));
  await shown(TRIALS, "?x=metrics.loss");
  await waitFor(() => expect((screen.getByRole("combobox", { name: "X" }) as HTMLInputElement).value).toBe("loss"));
  expect(document.querySelector<HTMLElement>("[aria-busy] > div")!.style.maxHeight).toBe(`${HEIGHT}px`);
  go();
  await screen.findByRole("application");
});

test("it says why nothing is drawn", async () => {
  await shown([trial(0, undefined, { rate: 0.1, kind: "gini", depth: 2 })]);
  await screen.findByText("No trial has logged the metric yet.");
  cleanup();
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ metrics: { Score: 1 }, params: {}, tags: {} }), { headers: { "Content-Type": "application/json" } }));
  await shown([trial(0, 0.5, { rate: 0.1 })]);
  await screen.findByText("There are only rate and Score. The other charts show those.");
  cleanup();
  await shown([trial(0, 0.5, { rate: 0.1 }), trial(1, 0.6, { kind: "gini" })]);
  await screen.findByText("No trial has a value on all three axes. Choose others above.");
});
