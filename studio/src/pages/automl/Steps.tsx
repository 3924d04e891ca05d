// The list of steps: where one is, which are done, which lack something.
import { VisuallyHidden } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Automl.module.css";
import { automlTexts } from "./texts";
import { type Problem, type Step, STEPS } from "./wizard";

interface StepsProps {
  step: Step;
  tried: ReadonlySet<Step>;
  problems: readonly Problem[];
  onStep(step: Step): void;
}

export function Steps({ step, tried, problems, onStep }: StepsProps) {
  const t = useTexts(automlTexts);
  const place = STEPS.indexOf(step);
  return (
    <nav aria-label={t("steps")}>
      <ol className={`panel ${classes.steps}`}>
        {STEPS.map((one, index) => {
          const isWrong = tried.has(one) && problems.some((problem) => problem.step === one);
          const isDone = !isWrong && index < place && !problems.some((problem) => problem.step === one);
          return (
            <li key={one}>
              <button type="button" aria-current={one === step ? "step" : undefined} onClick={() => onStep(one)}>
                <span className={classes.mark} data-done={isDone || undefined} data-wrong={isWrong || undefined} aria-hidden="true">
                  {isDone ? <Icon name="check" size={14} /> : index + 1}
                </span>
                <span>{t(one)}</span>
                {isWrong ? (
                  <span className={classes.fault} title={t("stepMissing")}>
                    <VisuallyHidden>{t("stepMissing")}</VisuallyHidden>
                    <span aria-hidden="true">!</span>
                  </span>
                ) : null}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
