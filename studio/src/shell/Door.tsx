// The door: a browser without a session is told how to get one.
import "@mantine/core/styles/PasswordInput.css";
import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError } from "@/api/errors";
import { openSession, secretOf } from "@/api/session";
import { useTexts } from "@/i18n/texts";
import icon from "@/icon.svg";
import { CodeSamples } from "@/parts/CodeSamples";
import { ErrorNote } from "@/parts/ErrorNote";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";

/** `isLinkUsed`: the visitor came by a link that opens no door any more. */
export default function Door({ isLinkUsed, onOpen }: { isLinkUsed: boolean; onOpen(): void }) {
  const t = useTexts(shellTexts);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${t("doorTitle")} · Bancada`;
  }, [t]);
  const open = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await openSession(secretOf(text));
      onOpen();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const isUsed = isLinkUsed && error === null;
  return (
    <main className={classes.door}>
      <form className="panel" onSubmit={(event) => void open(event)}>
        <h1 style={{ display: "flex", gap: 10, alignItems: "center", fontSize: "1.125rem" }}>
          <img src={icon} alt="" width={28} height={28} /> {t("doorTitle")}
        </h1>
        {isUsed ? <ErrorNote error={new ApiError(401, "unauthenticated", t("doorUsed"))} /> : null}
        <p className="faint">{t("doorText")}</p>
        <CodeSamples samples={[{ form: "CLI", text: "bancada status" }]} />
        <PasswordInput label={t("doorField")} value={text} onChange={(event) => setText(event.currentTarget.value)} autoComplete="off" size="sm" data-autofocus required />
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" size="sm" loading={isBusy} disabled={!text.trim()}>
          {t("doorOpen")}
        </Button>
      </form>
    </main>
  );
}
