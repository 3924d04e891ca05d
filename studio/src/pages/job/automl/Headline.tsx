// What a model is in a line: its algorithm, its score, its score on test data.
import type { ReactNode } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import classes from "./AutoML.module.css";
import { useMetricTitle } from "./metricNames";
import { automlTexts } from "./texts";

interface HeadlineProps {
  algorithm: ReactNode;
  metric: string;
  score: number | undefined;
  /** Standard error of the score. */
  error: number | null | undefined;
  test: number | undefined;
}

export function Headline({ algorithm, metric, score, error, test }: HeadlineProps) {
  const t = useTexts(automlTexts);
  const formats = useFormats();
  const metricTitle = useMetricTitle();
  return (
    <div className={classes.headline}>
      <div>
        <span className="faint">{t("algorithm")}</span>
        <strong>{algorithm}</strong>
      </div>
      <div>
        <span className="faint">{t("metricOf", { metric: metricTitle(metric) })}</span>
        <strong>{score === undefined ? "–" : formats.value(score)}</strong>
        {error === undefined || error === null ? null : <span className="faint">{`± ${formats.value(Number(error.toPrecision(2)))}`}</span>}
      </div>
      {test === undefined ? null : (
        <div>
          <span className="faint">{t("onTest")}</span>
          <strong>{formats.value(test)}</strong>
        </div>
      )}
    </div>
  );
}
