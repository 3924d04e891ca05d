// "Show me the CLI, SDK and YAML for this": a button in a page's head that opens the samples.
import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "@/i18n/texts";
import { CodeSamples, type Sample } from "./CodeSamples";
import { Icon } from "./Icon";
import { partTexts } from "./texts";

export function ShowCode({ samples, title }: { samples: readonly Sample[]; title?: string }) {
  const t = useTexts(partTexts);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="terminal" size={14} />} onClick={() => setOpen(true)}>
        {t("showCode")}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={title ?? t("showCode")} size="lg" closeButtonProps={{ "aria-label": t("close") }}>
        <CodeSamples samples={samples} />
      </Modal>
    </>
  );
}
