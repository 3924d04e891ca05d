// Kind, names, where it runs, how long at most.
import { Autocomplete } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { ComputeSelect } from "./ComputeSelect";
import classes from "./Create.module.css";
import { asKind, assetOf, kindOf } from "./document";
import { NumberAt, Section, TextAt, useForm } from "./form";
import { Pairs } from "./Pairs";
import { createTexts } from "./texts";

export function Basics() {
  const t = useTexts(createTexts);
  const { ws, document, draft } = useForm();
  const kind = kindOf(document);
  const kinds = [
    { id: "command", icon: "terminal", title: t("command"), text: t("commandText") },
    { id: "sweep", icon: "chart", title: t("sweep"), text: t("sweepText") },
  ] as const;
  return (
    <Section title={t("basics")}>
      <div role="radiogroup" aria-label={t("kind")} className={classes.kinds}>
        {kinds.map((one) => (
          <button key={one.id} type="button" role="radio" aria-checked={kind === one.id} className={classes.kind} onClick={() => draft.setDocument(asKind(document, one.id))}>
            <Icon name={one.icon} />
            <strong>{one.title}</strong>
            <span className="faint">{one.text}</span>
          </button>
        ))}
      </div>
      <p className="faint">
        {t("orAutomatic")}{" "}
        <Link to="/workspaces/$ws/jobs/create/automl" params={{ ws }} search={{}}>
          {t("toAutomatic")}
        </Link>
      </p>
      <div className={classes.two}>
        <TextAt path={["display_name"]} label={t("displayName")} placeholder={t("displayNameHint")} />
        <Experiment />
        <ComputeField />
        {kind === "command" ? <NumberAt path={["limits", "timeout"]} label={t("timeout")} placeholder={t("noLimit")} min={1} suffix=" s" /> : <TextAt path={["description"]} label={t("description")} />}
      </div>
      {kind === "command" ? <TextAt path={["description"]} label={t("description")} /> : null}
      <Pairs path={["tags"]} label={t("tags")} add={t("addTag")} keyLabel={t("tagKey")} valueLabel={t("tagValue")} />
    </Section>
  );
}

function Experiment() {
  const t = useTexts(createTexts);
  const { ws, at, set, errorAt } = useForm();
  // Names that the newest jobs were filed under: what people file the next one under most often.
  const { data } = useQuery({ queryKey: [...keys.jobs(ws), "recent-experiments"], queryFn: () => jobRows(ws, { limit: 200 }) });
  const names = [...new Set((data?.items ?? []).map((one) => one.experiment_name))].filter(Boolean);
  return (
    <Autocomplete
      size="xs"
      label={t("experiment")}
      placeholder="Default"
      data={names}
      value={String(at(["experiment_name"]) ?? "")}
      error={errorAt(["experiment_name"])}
      onChange={(next) => set(["experiment_name"], next)}
    />
  );
}

function ComputeField() {
  const { ws, at, set, errorAt } = useForm();
  return (
    <ComputeSelect
      ws={ws}
      value={assetOf(at(["compute"]))?.name ?? ""}
      error={errorAt(["compute"])}
      onChange={(name) => set(["compute"], name ? `azureml:${name}` : undefined)}
    />
  );
}
