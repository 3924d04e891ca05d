// The draft of a job: what the form holds and what the YAML says are one document; the server turns each into the other.
import { useCallback, useEffect, useRef, useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import type { Doc, Path, Problem } from "./document";
import { withValue } from "./document";

type Answer = Schemas["JobDraft"];

const PAUSE_MS = 250; // after the last key, before the server is asked

export interface Draft {
  document: Doc;
  yaml: string;
  cli: string | undefined;
  sdk: string | undefined;
  problems: readonly Problem[];
  /** Whether the server's answer to the last change is still to come. */
  isPending: boolean;
  error: unknown;
  set(path: Path, value: unknown): void;
  setDocument(next: Doc): void;
  setYaml(text: string): void;
  /** Return the document and its problems once the server has answered to the last change. */
  settled(): Promise<{ document: Doc; problems: readonly Problem[] }>;
  /** Put problems that the server found at submission where the others are. */
  report(problems: readonly Problem[]): void;
}

interface State {
  document: Doc;
  yaml: string;
  cli?: string | undefined;
  sdk?: string | undefined;
  problems: readonly Problem[];
}

export function useDraft(ws: string, start: Doc, onChange: (document: Doc) => void): Draft {
  const [state, setState] = useState<State>({ document: start, yaml: "", problems: [] });
  const [isPending, setPending] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const asked = useRef<Promise<State> | null>(null);
  const newest = useRef(state);
  newest.current = state;

  const ask = useCallback(
    (body: { yaml: string } | { document: Doc }): Promise<State> => {
      clearTimeout(timer.current);
      const mine = ++turn.current;
      setPending(true);
      const work = send<Answer>("POST", inWorkspace(ws, "jobs", "draft"), body).then(
        (found) => {
          const next: State = {
            document: "yaml" in body ? ((found.document as Doc | undefined) ?? newest.current.document) : body.document,
            yaml: found.yaml,
            cli: found.cli,
            sdk: found.sdk,
            problems: found.problems,
          };
          if (mine === turn.current) {
            newest.current = next;
            setState(next);
            setPending(false);
            setError(null);
            if ("yaml" in body) onChange(next.document);
          }
          return next;
        },
        (reason: unknown) => {
          if (mine === turn.current) {
            setPending(false);
            setError(reason);
          }
          throw reason;
        },
      );
      work.catch(() => undefined);
      asked.current = work;
      return work;
    },
    [ws, onChange],
  );

  useEffect(() => {
    void ask({ document: start }).catch(() => undefined);
    return () => clearTimeout(timer.current);
    // Only the document that the page began with; later ones come by `set` and `setYaml`.
  }, [ask]);

  const later = (body: { yaml: string } | { document: Doc }) => {
    turn.current += 1; // an answer to what was there before says nothing any more
    setPending(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void ask(body).catch(() => undefined);
    }, PAUSE_MS);
    waiting.current = body;
  };
  const waiting = useRef<{ yaml: string } | { document: Doc } | null>(null);

  const setDocument = (document: Doc) => {
    newest.current = { ...newest.current, document };
    setState(newest.current);
    onChange(document);
    later({ document });
  };
  return {
    ...state,
    cli: state.cli,
    sdk: state.sdk,
    isPending,
    error,
    setDocument,
    set: (path, value) => setDocument(withValue(newest.current.document, path, value)),
    setYaml: (yaml) => {
      if (yaml === newest.current.yaml) return;
      newest.current = { ...newest.current, yaml };
      setState(newest.current);
      later({ yaml });
    },
    settled: async () => {
      if (timer.current !== undefined && waiting.current) return ask(waiting.current);
      return (await asked.current) ?? newest.current;
    },
    report: (problems) => setState({ ...newest.current, problems }),
  };
}
