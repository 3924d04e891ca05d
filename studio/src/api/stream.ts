// The one stream of events of a tab: resumes where it broke off, with pauses that grow, and says how it stands.
import type { LogEvent, News } from "./keys";

export type Connection = "connecting" | "live" | "away";

export interface StreamHandlers {
  /** Events of the log, gathered over `GATHER_MS`. */
  onEvents(events: LogEvent[]): void;
  /** Names of jobs with new metric points, or with other files. */
  onNews(kind: News, jobs: string[]): void;
  onConnection(connection: Connection): void;
  /** The stream is up again after a gap that the server could not replay in order: ask for everything. */
  onGap(): void;
}

const NEWS: readonly News[] = ["metrics", "files"];
const GATHER_MS = 120; // one refresh for a burst, not one for each of its events
const LONGEST_PAUSE_MS = 15_000;

export class EventStream {
  private source: EventSource | null = null;
  private last: number | null = null;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private events: LogEvent[] = [];
  private jobs = new Map<News, Set<string>>();

  constructor(
    private readonly path: string,
    private readonly handlers: StreamHandlers,
    private readonly open: (address: string) => EventSource = (address) => new EventSource(address),
  ) {}

  start(): void {
    this.handlers.onConnection(this.failures ? "away" : "connecting");
    const after = this.last === null ? "" : `&after=${this.last}`;
    const source = this.open(`${this.path}?metrics=true&files=true${after}`);
    this.source = source;
    source.onopen = () => {
      const wasAway = this.failures > 0;
      this.failures = 0;
      this.handlers.onConnection("live");
      // Without a number to resume from, what happened in the gap is unknown.
      if (wasAway && this.last === null) this.handlers.onGap();
    };
    source.onmessage = (message: MessageEvent<string>) => {
      this.last = Number(message.lastEventId) || this.last;
      this.events.push(JSON.parse(message.data) as LogEvent);
      this.gather();
    };
    for (const kind of NEWS) {
      source.addEventListener(kind, (message) => {
        const found = JSON.parse((message as MessageEvent<string>).data) as { jobs?: string[] };
        this.jobs.set(kind, new Set([...(this.jobs.get(kind) ?? []), ...(found.jobs ?? [])]));
        this.gather();
      });
    }
    source.onerror = () => this.pause();
  }

  stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.gathering);
    this.source?.close();
    this.source = null;
  }

  private pause(): void {
    this.source?.close(); // the browser's own retry has no growing pause and does not outlive a bad answer
    this.failures += 1;
    this.handlers.onConnection("away");
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.start(), pauseAfter(this.failures));
  }

  private gather(): void {
    this.gathering ??= setTimeout(() => {
      const [events, jobs] = [this.events, this.jobs];
      this.gathering = undefined;
      this.events = [];
      this.jobs = new Map();
      if (events.length) this.handlers.onEvents(events);
      for (const [kind, names] of jobs) this.handlers.onNews(kind, [...names]);
    }, GATHER_MS);
  }
}

/** Return how long to wait before the next try: 0.5 s, doubling, at most 15 s. */
export function pauseAfter(failures: number): number {
  return Math.min(500 * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}
