// The two keys of an endpoint: not asked for until shown, out of the page when hidden, made anew one at a time.
import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useEffect, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { ErrorNote } from "@/parts/ErrorNote";
import { Panel } from "@/parts/Panel";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

interface KeyPair {
  primaryKey: string;
  secondaryKey: string;
}

const KINDS = ["primary", "secondary"] as const;
type Kind = (typeof KINDS)[number];

/** Whoever walks away from the screen has not left a key on it. */
const SHOWN_MS = 60_000;

export function Keys({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(endpointTexts);
  const [shown, setShown] = useState<Partial<Record<Kind, string>>>({});
  const [asks, setAsks] = useState<Kind | null>(null);
  const [error, setError] = useState<unknown>(null);
  const clipboard = useClipboard();
  useEffect(() => {
    if (!Object.keys(shown).length) return undefined;
    const timer = setTimeout(() => setShown({}), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const fetchKey = async (kind: Kind): Promise<string | null> => {
    setError(null);
    try {
      return (await send<KeyPair>("POST", inWorkspace(ws, "online-endpoints", name, "keys")))[`${kind}Key`];
    } catch (reason) {
      setError(reason);
      return null;
    }
  };
  const hide = (kind: Kind) => setShown(({ [kind]: _gone, ...rest }) => rest);
  const show = async (kind: Kind) => {
    const key = await fetchKey(kind);
    if (key !== null) setShown((before) => ({ ...before, [kind]: key }));
  };
  const copy = async (kind: Kind) => {
    const key = shown[kind] ?? (await fetchKey(kind));
    if (key === null) return;
    clipboard.copy(key);
    notifications.show({ message: t("keyCopied") });
  };
  return (
    <div style={{ display: "grid", gap: 14 }}>
      {error ? <ErrorNote error={error} /> : null}
      <Panel title={t("keys")}>
        {KINDS.map((kind) => (
          <div key={kind} className={classes.key}>
            <strong>{t(kind)}</strong>
            {shown[kind] === undefined ? <span className={classes.hidden}>••••••••••••••••</span> : <code style={{ overflowWrap: "anywhere" }}>{shown[kind]}</code>}
            <span className={classes.buttons}>
              <Button variant="default" size="compact-sm" onClick={() => (shown[kind] === undefined ? void show(kind) : hide(kind))} aria-label={`${shown[kind] === undefined ? t("show") : t("hide")}: ${t(kind)}`}>
                {shown[kind] === undefined ? t("show") : t("hide")}
              </Button>
              <Button variant="default" size="compact-sm" onClick={() => void copy(kind)} aria-label={`${t("copyKey")}: ${t(kind)}`}>
                {t("copyKey")}
              </Button>
              <Button variant="default" size="compact-sm" onClick={() => setAsks(kind)} aria-label={`${t("regenerate")}: ${t(kind)}`}>
                {t("regenerate")}
              </Button>
            </span>
          </div>
        ))}
      </Panel>
      <p className="faint">{t("keysHint")}</p>
      <CodeSamples
        samples={[
          { form: "CLI", text: `bancada online-endpoint get-credentials --name ${name} --workspace-name ${ws}\nbancada online-endpoint regenerate-keys --name ${name} --key-type secondary --workspace-name ${ws}` },
          { form: "Python", text: `keys = ml_client.online_endpoints.get_keys(name="${name}")\nml_client.online_endpoints.begin_regenerate_keys(name="${name}", key_type="secondary").result()` },
        ]}
      />
      <ConfirmDelete
        isOpen={asks !== null}
        onClose={() => setAsks(null)}
        title={t("regenerateTitle", { key: asks ? t(asks) : "" })}
        goes={[t("goesKey"), t("staysKey")]}
        action={t("regenerate")}
        onConfirm={async () => {
          await send("POST", inWorkspace(ws, "online-endpoints", name, "regenerate-keys"), { key_type: asks });
          setShown({});
          notifications.show({ message: t("regenerated") });
        }}
      />
    </div>
  );
}
