// The last test requests of an endpoint, as long as this tab of the browser is open.
import { useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Panel } from "@/parts/Panel";
import { RelativeTime } from "@/parts/RelativeTime";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

export interface Sent {
  at: number;
  deployment: string;
  body: string;
  answer: Schemas["Invocation"];
}

const MOST = 10;
const kept = new Map<string, readonly Sent[]>();
const listeners = new Set<() => void>();
const NONE: readonly Sent[] = [];

export function remember(ws: string, endpoint: string, sent: Sent): void {
  const key = `${ws}/${endpoint}`;
  kept.set(key, [sent, ...(kept.get(key) ?? [])].slice(0, MOST));
  for (const listener of listeners) listener();
}

export function useHistory(ws: string, endpoint: string): readonly Sent[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => kept.get(`${ws}/${endpoint}`) ?? NONE,
  );
}

export function History({ sent, shown, onShow }: { sent: readonly Sent[]; shown: Sent | undefined; onShow(one: Sent): void }) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  if (sent.length < 2) return null;
  return (
    <Panel title={t("history")}>
      <ul className={classes.history}>
        {sent.map((one) => (
          <li key={one.at}>
            <button type="button" onClick={() => onShow(one)} aria-current={one === shown ? "true" : undefined}>
              <span className={classes.status} data-bad={one.answer.status >= 400 || undefined}>
                {one.answer.status}
              </span>
              <span className="cut">{one.answer.deployment ?? one.deployment}</span>
              <span className="number">{`${formats.value(Math.round(one.answer.ms * 10) / 10)} ms`}</span>
              <span className="faint number">
                <RelativeTime at={one.at / 1000} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
