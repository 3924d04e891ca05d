// A name or address that a click copies.
import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { partTexts } from "./texts";

/** Shows `shown` (else the value itself) and a button; with `isBare` the button alone. */
export function CopyId({ value, shown, isBare }: { value: string; shown?: string; isBare?: boolean }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 4, minWidth: 0, maxWidth: "100%" }}>
      {isBare ? null : <span className="mono cut">{shown ?? value}</span>}
      <CopyButton value={value} />
    </span>
  );
}

export function CopyButton({ value }: { value: string }) {
  const t = useTexts(partTexts);
  const clipboard = useClipboard({ timeout: 1500 });
  const label = clipboard.copied ? t("copied") : t("copy");
  return (
    <Tooltip label={label}>
      <ActionIcon size="sm" aria-label={label} onClick={() => clipboard.copy(value)}>
        <Icon name={clipboard.copied ? "check" : "copy"} size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
