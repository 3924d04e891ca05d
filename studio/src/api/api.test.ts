// The stream resumes and gathers; the table of events names the right queries; errors have one form.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inWorkspace, query } from "./client";
import { asApiError, errorOf } from "./errors";
import { keys, type LogEvent, staleKeys, staleNewsKeys } from "./keys";
import { secretOf } from "./session";
import { EventStream, pauseAfter } from "./stream";

class FakeSource {
  static made: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: unknown) => void) | null = null;
  onerror: (() => void) | null = null;
  named: Record<string, (message: unknown) => void> = {};
  isClosed = false;
  constructor(readonly address: string) {
    FakeSource.made.push(this);
  }
  addEventListener(name: string, listener: (message: unknown) => void) {
    this.named[name] = listener;
  }
  close() {
    this.isClosed = true;
  }
}

const event = (seq: number, kind: string, name: string): LogEvent => ({ seq, kind, name, what: "x", data: {} });

function follow() {
  const handlers = { onEvents: vi.fn(), onNews: vi.fn(), onConnection: vi.fn(), onGap: vi.fn() };
  const stream = new EventStream("/events", handlers, (address) => new FakeSource(address) as unknown as EventSource);
  stream.start();
  return { handlers, stream };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.made = [];
});
afterEach(() => vi.useRealTimers());

test("a burst of events is told once", () => {
  const { handlers } = follow();
  const source = FakeSource.made[0]!;
  source.onopen?.();
  for (const seq of [1, 2, 3]) source.onmessage?.({ lastEventId: String(seq), data: JSON.stringify(event(seq, "job", "a")) });
  expect(handlers.onEvents).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(handlers.onEvents).toHaveBeenCalledTimes(1);
  expect(handlers.onEvents.mock.calls[0]![0]).toHaveLength(3);
});

test("after a break the stream resumes behind the last event and says that it is away meanwhile", () => {
  const { handlers } = follow();
  const first = FakeSource.made[0]!;
  first.onopen?.();
  first.onmessage?.({ lastEventId: "41", data: JSON.stringify(event(41, "job", "a")) });
  first.onerror?.();
  expect(first.isClosed).toBe(true);
  expect(handlers.onConnection).toHaveBeenLastCalledWith("away");
  vi.advanceTimersByTime(500);
  const second = FakeSource.made[1]!;
  expect(second.address).toContain("after=41");
  second.onopen?.();
  expect(handlers.onConnection).toHaveBeenLastCalledWith("live");
  expect(handlers.onGap).not.toHaveBeenCalled();
});

test("a break before the first event asks for everything", () => {
  const { handlers } = follow();
  FakeSource.made[0]!.onerror?.();
  vi.advanceTimersByTime(500);
  FakeSource.made[1]!.onopen?.();
  expect(handlers.onGap).toHaveBeenCalledTimes(1);
});

test("news of metrics go to the charts of their jobs only, news of files to their files", () => {
  const { handlers } = follow();
  FakeSource.made[0]!.named.metrics?.({ data: JSON.stringify({ jobs: ["a", "b"] }) });
  FakeSource.made[0]!.named.metrics?.({ data: JSON.stringify({ jobs: ["a"] }) });
  FakeSource.made[0]!.named.files?.({ data: JSON.stringify({ jobs: ["c"] }) });
  vi.advanceTimersByTime(200);
  expect(handlers.onNews.mock.calls).toEqual([["metrics", ["a", "b"]], ["files", ["c"]]]);
  expect(staleNewsKeys("w", "metrics", ["a"])).toEqual([keys.metrics("w", "a")]);
  expect(staleNewsKeys("w", "files", ["a"])).toEqual([keys.files("w", "a")]);
  expect(staleKeys("w", [event(1, "job", "a")])).toContainEqual(keys.files("w", "a"));
});

test("a stopped stream opens no other", () => {
  const { stream } = follow();
  FakeSource.made[0]!.onerror?.();
  stream.stop();
  vi.advanceTimersByTime(60_000);
  expect(FakeSource.made).toHaveLength(1);
});

test("pauses grow up to a quarter of a minute", () => {
  expect([1, 2, 3, 20].map(pauseAfter)).toEqual([500, 1000, 2000, 15_000]);
});

test("each kind of event makes its own queries stale, each once", () => {
  const stale = staleKeys("w", [event(1, "job", "a"), event(2, "job", "b"), event(3, "deployment", "heart/blue")]);
  const has = (key: readonly unknown[]) => stale.some((one) => JSON.stringify(one) === JSON.stringify(key));
  expect(has(keys.jobs("w"))).toBe(true);
  expect(has(keys.job("w", "a"))).toBe(true);
  expect(has(keys.job("w", "b"))).toBe(true);
  expect(has(keys.endpoint("w", "heart"))).toBe(true);
  expect(has(keys.assets("w", "model"))).toBe(false);
  expect(stale.filter((one) => one[2] === "jobs")).toHaveLength(1);
  expect(staleKeys("w", [event(1, "never heard of", "a")])).toEqual([]);
});

test("an error keeps the server's code and message; silence means unreachable", () => {
  const error = errorOf(404, { error: { code: "job.not_found", message: "No job `x`.", details: { a: 1 } } });
  expect([error.code, error.message, error.details.a]).toEqual(["job.not_found", "No job `x`.", 1]);
  expect(errorOf(502, "<html>").code).toBe("http.502");
  expect(asApiError(new TypeError("Failed to fetch")).isUnreachable).toBe(true);
});

test("a pasted link holds a code, anything else is the token", () => {
  expect(secretOf("http://127.0.0.1:7280/#code=abc-1")).toEqual({ code: "abc-1" });
  expect(secretOf("  tok \n")).toEqual({ token: "tok" });
});

test("addresses escape their segments and leave empty words out", () => {
  expect(inWorkspace("w", "jobs", "a/b c")).toBe("/workspaces/w/jobs/a%2Fb%20c");
  expect(query({ a: 1, b: "", c: undefined, d: "x y" })).toBe("?a=1&d=x+y");
});
