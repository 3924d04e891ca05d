// Asks before something is deleted: says what goes with it and, for what cannot come back, has its name typed.
import { Button, Modal, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "./ErrorNote";
import { partTexts } from "./texts";

interface ConfirmDeleteProps {
  isOpen: boolean;
  onClose(): void;
  title: string;
  /** What goes: one sentence each. */
  goes: readonly ReactNode[];
  /** To be typed before the button works. */
  nameToType?: string;
  action?: string;
  /** Deletes; when it throws, the reason is shown and the question stays open. */
  onConfirm(): Promise<unknown>;
}

export function ConfirmDelete({ isOpen, onClose, title, goes, nameToType, action, onConfirm }: ConfirmDeleteProps) {
  const t = useTexts(partTexts);
  const [typed, setTyped] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setTyped("");
    setError(null);
    onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      close();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const isReady = nameToType === undefined || typed === nameToType;
  return (
    <Modal opened={isOpen} onClose={close} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void confirm();
        }}
      >
        <ul style={{ margin: "0 0 14px", paddingLeft: 18, lineHeight: 1.6 }}>
          {goes.map((one, index) => (
            <li key={index}>{one}</li>
          ))}
        </ul>
        {nameToType === undefined ? null : (
          <TextInput
            label={t("confirmName", { name: nameToType })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
            mb="md"
          />
        )}
        {error ? <ErrorNote error={error} /> : null}
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8 }}>
          <Button variant="default" onClick={close}>
            {t("cancel")}
          </Button>
          <Button type="submit" color="red" disabled={!isReady} loading={isBusy}>
            {action ?? t("deleteIt")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
