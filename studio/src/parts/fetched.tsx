// Parts of a page that somebody asked for (tabs, tools, dialogs), and whose code is fetched when they are first drawn.
import { Alert, Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type ComponentType, type ReactNode, Suspense, use, useEffect, useState, useTransition } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { partTexts } from "./texts";

type Load<P> = () => Promise<ComponentType<P>>;
/** What is drawn instead is given what the part is given, so that a dialog can close itself. */
type Instead<P> = ComponentType<P & { onRetry(): void }>;

/**
 * Like `lazy`; but where the code cannot be fetched, the page stays, and a note in the part's place lets people ask again.
 * `waiting`: what is there until the code is.
 */
export function fetchedPart<P extends object>(load: Load<P>, waiting: ReactNode = null): ComponentType<P> {
  return fetched(load, NotFetched, waiting);
}

/** For what opens above the page: when it cannot be fetched it counts as closed, and a message says so. The next click asks again. */
export function fetchedDialog<P extends { onClose(): void }>(load: Load<P>): ComponentType<P> {
  return fetched(load, NotOpened);
}

/** Return what says in a corner that something could not be fetched: once, however often it is tried. */
export function useNotFetched(): () => void {
  const t = useTexts(partTexts);
  return () => void notifications.show({ id: "not-fetched", color: "red", message: t("notFetched") });
}

function fetched<P extends object>(load: Load<P>, Instead: Instead<P>, waiting: ReactNode = null): ComponentType<P> {
  // Asked for once; a refusal is forgotten, so that whoever comes next asks again.
  let asked: Promise<ComponentType<P> | null> | null = null;
  const ask = () =>
    (asked ??= load().catch(() => {
      asked = null;
      return null;
    }));
  function Asked({ given, answer, onRetry }: { given: P; answer: Promise<ComponentType<P> | null>; onRetry(): void }) {
    const Part = use(answer);
    return Part ? <Part {...given} /> : <Instead {...given} onRetry={onRetry} />;
  }
  return function Fetched(given: P) {
    const [answer, setAnswer] = useState(ask);
    return (
      <Suspense fallback={waiting}>
        <Asked given={given} answer={answer} onRetry={() => setAnswer(ask())} />
      </Suspense>
    );
  };
}

function NotFetched({ onRetry }: { onRetry(): void }) {
  const t = useTexts(partTexts);
  // The note stays until there is an answer, and with it the focus on its button.
  const [isAsking, startAsking] = useTransition();
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={t("notFetched")} role="alert">
      <Button variant="default" size="compact-xs" loading={isAsking} onClick={() => startAsking(onRetry)}>
        {t("retry")}
      </Button>
    </Alert>
  );
}

function NotOpened({ onClose }: { onClose(): void }) {
  const say = useNotFetched();
  useEffect(() => {
    say();
    onClose();
  }, []); // once, when it is drawn: what it calls is made anew with every drawing
  return null;
}
