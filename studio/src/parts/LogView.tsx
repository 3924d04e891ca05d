// A log that is followed while it grows: read by offset, kept as a window of lines, drawn as far as it is in sight.
import { ActionIcon, Button, Switch, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { query, raw } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "./ErrorNote";
import { Icon } from "./Icon";
import { LogBuffer } from "./logBuffer";
import classes from "./LogView.module.css";
import { isFinal } from "./statuses";
import { partTexts } from "./texts";

interface LogViewProps {
  /** Below `/api/v1`: answers with `X-Next-Offset` and, when nothing more will come, a final `X-Job-Status`. */
  path: string;
  /** Words of the query that say which log. */
  words?: Record<string, string>;
  /** Address of the whole log. */
  download?: string;
  /** How the answer says where to go on, and whether there is more to come; a job's log when not given. */
  protocol?: LogProtocol;
}

export interface LogProtocol {
  /** Word of the query that says where to go on, and its value for the start. */
  from: { word: string; start: string };
  nextHeader: string;
  stateHeader: string;
  isOver(state: string): boolean;
}

const JOB_LOG: LogProtocol = {
  from: { word: "offset", start: "0" },
  nextHeader: "X-Next-Offset",
  stateHeader: "X-Job-Status",
  isOver: isFinal,
};

const LINE_HEIGHT = 18;
const WAIT_S = 25;
const PAUSE_AFTER_ERROR_MS = 3000;

export function LogView({ path, words, download, protocol = JOB_LOG }: LogViewProps) {
  const t = useTexts(partTexts);
  const box = useRef<HTMLDivElement>(null);
  const { buffer, version, error, isEnded } = useLog(path, words, protocol);
  const [isFollowing, setFollowing] = useState(true);
  const [text, setText] = useState("");
  const [asked] = useDebouncedValue(text, 150);
  const [hit, setHit] = useState(0);
  // `version` stands for what the buffer holds.
  const hits = useMemo(() => buffer.find(asked), [buffer, asked, version]);
  const virtual = useVirtualizer({ count: buffer.length, getScrollElement: () => box.current, estimateSize: () => LINE_HEIGHT, overscan: 30 });
  useEffect(() => {
    if (isFollowing && buffer.length) virtual.scrollToIndex(buffer.length - 1, { align: "end" });
  }, [version, isFollowing, buffer, virtual]);
  const go = (to: number) => {
    if (!hits.length) return;
    const next = (to + hits.length) % hits.length;
    setHit(next);
    setFollowing(false);
    virtual.scrollToIndex(hits[next] ?? 0, { align: "center" });
  };
  const shownHit = asked ? hits[hit] : undefined;
  return (
    <section className={classes.log}>
      <div className={classes.bar}>
        <TextInput
          aria-label={t("search")}
          placeholder={t("search")}
          leftSection={<Icon name="search" size={14} />}
          value={text}
          w={220}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setHit(0);
          }}
          onKeyDown={(event) => event.key === "Enter" && go(hit + (event.shiftKey ? -1 : 1))}
        />
        {asked ? (
          <>
            <span className="faint" role="status">
              {t("found", { count: hits.length })}
            </span>
            <ActionIcon aria-label={t("previous")} onClick={() => go(hit - 1)}>
              <Icon name="up" />
            </ActionIcon>
            <ActionIcon aria-label={t("next")} onClick={() => go(hit + 1)}>
              <Icon name="down" />
            </ActionIcon>
          </>
        ) : null}
        <span className="faint" style={{ marginLeft: "auto" }}>
          {t("lines", { count: buffer.length + buffer.dropped })}
        </span>
        {isEnded ? null : <Switch label={t("follow")} checked={isFollowing} onChange={(event) => setFollowing(event.currentTarget.checked)} />}
        {download ? (
          <Button component="a" href={download} download variant="default" size="compact-sm" leftSection={<Icon name="download" size={14} />}>
            {t("download")}
          </Button>
        ) : null}
      </div>
      {error ? <ErrorNote error={error} /> : null}
      {buffer.dropped ? <p className={classes.note}>{t("logEarlier")}</p> : null}
      <div
        ref={box}
        className={classes.lines}
        role="log"
        aria-live="off"
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollowing(false)}
        onKeyDown={(event) => ["ArrowUp", "PageUp", "Home"].includes(event.key) && setFollowing(false)}
      >
        {buffer.length === 0 ? <p className={classes.note}>{t("logEmpty")}</p> : null}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((place) => (
            <div
              key={place.index}
              className={classes.line}
              data-hit={place.index === shownHit || undefined}
              style={{ transform: `translateY(${place.start}px)`, height: LINE_HEIGHT }}
            >
              <span className={classes.number}>{place.index + 1 + buffer.dropped}</span>
              <Marked line={buffer.line(place.index)} words={asked} />
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function Marked({ line, words }: { line: string; words: string }) {
  const at = words ? line.toLowerCase().indexOf(words.toLowerCase()) : -1;
  if (at < 0) return <span>{line}</span>;
  return (
    <span>
      {line.slice(0, at)}
      <mark>{line.slice(at, at + words.length)}</mark>
      {line.slice(at + words.length)}
    </span>
  );
}

/** Read a log from its start and go on as it grows, until its job has ended or the component goes. */
function useLog(path: string, words: Record<string, string> | undefined, protocol: LogProtocol) {
  const [buffer] = useState(() => new LogBuffer());
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [isEnded, setEnded] = useState(false);
  const key = JSON.stringify(words ?? {});
  useEffect(() => {
    const stop = new AbortController();
    const decoder = new TextDecoder();
    buffer.clear();
    setEnded(false);
    setVersion((before) => before + 1);
    void (async () => {
      let from = protocol.from.start;
      let wait_s = 0; // the first answer comes at once, even when there is nothing
      while (!stop.signal.aborted) {
        try {
          const asked = { ...(JSON.parse(key) as Record<string, string>), [protocol.from.word]: from, wait_s };
          const answer = await raw(`${path}${query(asked)}`, { signal: stop.signal });
          const bytes = await answer.arrayBuffer();
          const next = answer.headers.get(protocol.nextHeader) ?? from;
          const isOver = bytes.byteLength === 0 && protocol.isOver(answer.headers.get(protocol.stateHeader) ?? "");
          setError(null);
          if (bytes.byteLength) {
            buffer.append(decoder.decode(bytes, { stream: true }));
            setVersion((before) => before + 1);
          }
          from = next;
          wait_s = WAIT_S;
          if (isOver) {
            setEnded(true);
            return;
          }
        } catch (reason) {
          if (stop.signal.aborted) return;
          setError(reason);
          await pause(PAUSE_AFTER_ERROR_MS, stop.signal);
        }
      }
    })();
    return () => stop.abort();
  }, [path, key, buffer, protocol]);
  return { buffer, version, error, isEnded };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
