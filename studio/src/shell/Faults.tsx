// What is shown where a page cannot be: a fault in it, or an address that leads nowhere.
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link, useRouterState } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { Page } from "@/parts/Page";
import { shellTexts } from "./texts";

export function Fault({ error, reset }: ErrorComponentProps) {
  const t = useTexts(shellTexts);
  return (
    <Page title={t("faultTitle")}>
      <ErrorNote error={error} onRetry={reset} />
    </Page>
  );
}

export function Lost() {
  const t = useTexts(shellTexts);
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Page title={t("lost")} heading=" ">
      <EmptyState icon="search" title={t("lost")} text={t("lostText", { path })} action={<Link to="/">{t("lostHome")}</Link>} />
    </Page>
  );
}
