// On top of a failed job: what happened, the last lines, what probably caused it, and the way to the whole log.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { Icon } from "@/parts/Icon";
import { failureOf } from "./causes";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";

export function FailurePanel({ ws, name, error }: { ws: string; name: string; error: Record<string, unknown> }) {
  const t = useTexts(jobTexts);
  const words = useServerWords();
  const { headline, lines, cause } = failureOf(error);
  return (
    <section className={classes.failure} role="alert" aria-label={t("failed")}>
      <header>
        <Icon name="warning" size={18} />
        <div>
          <h2>{t("failed")}</h2>
          <p>{words.say(headline)}</p>
        </div>
        <Button component={Link} to={`/workspaces/${encodeURIComponent(ws)}/jobs/${encodeURIComponent(name)}/logs`} variant="default" leftSection={<Icon name="terminal" size={14} />}>
          {t("wholeLog")}
        </Button>
      </header>
      {cause ? (
        <p className={classes.cause}>
          <strong>{t("cause")}</strong> {t(cause.key, { name: cause.name })}
        </p>
      ) : null}
      {lines ? (
        <pre tabIndex={0} aria-label={t("lastLines")} ref={(box) => box?.scrollTo(0, box.scrollHeight)}>
          {lines}
        </pre>
      ) : null}
    </section>
  );
}
