// The steps of a few fields: training method, basic settings, compute.
import { Autocomplete, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { Panel } from "@/parts/Panel";
import { TagFields } from "@/parts/TagFields";
import { ComputeSelect } from "../create/ComputeSelect";
import classes from "./Automl.module.css";
import { Cards } from "./Cards";
import { useWizard } from "./form";
import { automlTexts } from "./texts";

export function MethodStep() {
  const t = useTexts(automlTexts);
  const { w, change } = useWizard();
  return (
    <Panel title={t("method")} isPadded>
      <Cards
        label={t("method")}
        value={w.isManual ? "manual" : "automatic"}
        onChange={(next) => change({ isManual: next === "manual" })}
        cards={[
          { id: "automatic", icon: "chart", title: t("automatic"), text: t("automaticText") },
          { id: "manual", icon: "terminal", title: t("manual"), text: t("manualText") },
        ]}
      />
    </Panel>
  );
}

export function BasicsStep() {
  const t = useTexts(automlTexts);
  const { ws, w, change } = useWizard();
  const { data } = useQuery({ queryKey: [...keys.jobs(ws), "recent-experiments"], queryFn: () => jobRows(ws, { limit: 200 }) });
  const experiments = [...new Set((data?.items ?? []).map((one) => one.experiment_name))].filter(Boolean);
  return (
    <Panel title={t("basics")} isPadded>
      <div className={classes.two}>
        <TextInput label={t("jobName")} placeholder={t("jobNameHint")} value={w.name} onChange={(event) => change({ name: event.currentTarget.value })} />
        <Autocomplete size="xs" label={t("experiment")} placeholder="Default" data={experiments} value={w.experiment} onChange={(experiment) => change({ experiment })} />
      </div>
      <Textarea label={t("description")} autosize minRows={2} value={w.description} onChange={(event) => change({ description: event.currentTarget.value })} />
      <TagFields rows={w.tags} onRows={(tags) => change({ tags })} />
    </Panel>
  );
}

export function ComputeStep() {
  const t = useTexts(automlTexts);
  const { ws, w, change } = useWizard();
  return (
    <Panel title={t("compute")} isPadded>
      <p className="faint">{t("computeText")}</p>
      <div className={classes.two}>
        <ComputeSelect ws={ws} value={w.compute} onChange={(compute) => change({ compute })} />
      </div>
    </Panel>
  );
}
