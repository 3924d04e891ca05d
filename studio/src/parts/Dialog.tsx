// A dialog with one form: fields, what went wrong, and the button that does it.
import { Button, Modal } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "./ErrorNote";
import { partTexts } from "./texts";

interface DialogProps {
  title: string;
  action: string;
  isReady: boolean;
  size?: "md" | "lg" | "xl";
  onClose(): void;
  /** Does it; what it throws is shown and the dialog stays. */
  onSubmit(): Promise<unknown>;
  children: ReactNode;
}

/** Drawn only while it is open, so that its fields begin anew each time. */
export function Dialog({ title, action, isReady, size = "md", onClose, onSubmit, children }: DialogProps) {
  const t = useTexts(partTexts);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onSubmit();
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => void submit(event)} style={{ display: "grid", gap: 12 }}>
        {children}
        {error ? <ErrorNote error={error} /> : null}
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8 }}>
          <Button variant="default" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" disabled={!isReady} loading={isBusy}>
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
