// An error as people need it: what happened, what to do, the code to look up.
import { Alert, Button } from "@mantine/core";
import { asApiError } from "@/api/errors";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { useServerWords } from "./serverWords";
import { partTexts } from "./texts";

export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const t = useTexts(partTexts);
  const words = useServerWords();
  const found = asApiError(error);
  const isFault = found.code === "page";
  const title = found.isUnreachable ? t("unreachable") : isFault ? t("pageFault") : words.of(found);
  const hint = found.isUnreachable
    ? t("unreachableHint")
    : isFault
      ? `${t("pageFaultHint")} ${found.message}`
      : found.status === 404
        ? t("notFoundHint")
        : null;
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={<span style={{ whiteSpace: "pre-line" }}>{title}</span>} role="alert" m="sm">
      {hint ? <p>{hint}</p> : null}
      <div style={{ display: "flex", alignItems: "center", gap: 12, marginTop: 4 }}>
        {found.isUnreachable ? null : <span className="faint">{t("errorCode", { code: found.code })}</span>}
        {onRetry ? (
          <Button variant="default" size="compact-xs" onClick={onRetry}>
            {t("retry")}
          </Button>
        ) : null}
      </div>
    </Alert>
  );
}
