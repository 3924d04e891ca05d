// The guide of an empty workspace: four steps, each by a click here or by the lines beside.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { Panel } from "@/parts/Panel";
import classes from "./Home.module.css";
import { samplesOfFirstRun } from "./samples";
import { homeTexts } from "./texts";

export function FirstRun({ ws }: { ws: string }) {
  const t = useTexts(homeTexts);
  const steps = [
    { title: t("stepData"), text: t("stepDataText"), to: "/workspaces/$ws/data/create", action: t("createData") },
    { title: t("stepJob"), text: t("stepJobText"), to: "/workspaces/$ws/jobs/create", action: t("createJob") },
    { title: t("stepModel"), text: t("stepModelText"), to: "/workspaces/$ws/models", action: t("openModels") },
    { title: t("stepEndpoint"), text: t("stepEndpointText"), to: "/workspaces/$ws/endpoints", action: t("openEndpoints") },
  ];
  return (
    <Panel title={t("emptyTitle")}>
      <div className={classes.guide}>
        <ol className={classes.steps}>
          {steps.map((step, index) => (
            <li key={step.title}>
              <span className={classes.mark} aria-hidden="true">
                {index + 1}
              </span>
              <h3>{step.title}</h3>
              <p>{step.text}</p>
              <Button component={Link} to={step.to} params={{ ws } as never} variant="default" className={classes.act}>
                {step.action}
              </Button>
            </li>
          ))}
        </ol>
        <div>
          <p className="faint">{t("emptyText")}</p>
          <CodeSamples samples={samplesOfFirstRun(ws)} />
        </div>
      </div>
    </Panel>
  );
}
