// Kind, names, where it runs, how long at most.
import { Autocomplete, Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems, jobRows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { partTexts } from "@/parts/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import classes from "./Create.module.css";
import { asKind, assetOf, kindOf } from "./document";
import { NumberAt, Section, TextAt, useForm } from "./form";
import { Pairs } from "./Pairs";
import { createTexts } from "./texts";

export function Basics() {
  const t = useTexts(createTexts);
  const { document, draft } = useForm();
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
  const t = useTexts(createTexts);
  const { ws, at, set, errorAt } = useForm();
  const [isNew, setNew] = useState(false);
  const { data } = useQuery({ queryKey: [...keys.computes(ws), "list"], queryFn: () => allItems<Schemas["AmlCompute"]>(inWorkspace(ws, "computes")) });
  const chosen = assetOf(at(["compute"]))?.name ?? "";
  const known = (data?.items ?? []).map((one) => one.name ?? "");
  const options = [
    { value: "", label: t("anyCompute") },
    ...[...new Set([...known, ...(chosen ? [chosen] : [])])].map((one) => ({ value: one, label: one })),
    { value: "+", label: t("newCompute") },
  ];
  return (
    <>
      <Select
        label={t("compute")}
        data={options}
        value={chosen}
        allowDeselect={false}
        error={errorAt(["compute"])}
        onChange={(next) => (next === "+" ? setNew(true) : set(["compute"], next ? `azureml:${next}` : undefined))}
      />
      <NewCompute
        isOpen={isNew}
        onClose={() => setNew(false)}
        onMade={(name) => set(["compute"], `azureml:${name}`)}
      />
    </>
  );
}

function NewCompute({ isOpen, onClose, onMade }: { isOpen: boolean; onClose(): void; onMade(name: string): void }) {
  const t = useTexts(createTexts);
  const words = useTexts(partTexts);
  const { ws } = useForm();
  const [name, setName] = useState("cpu-cluster");
  const [most, setMost] = useState(2);
  const [error, setError] = useState<unknown>(null);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setError(null);
    try {
      await send("PUT", inWorkspace(ws, "computes", name), { type: "amlcompute", min_instances: 0, max_instances: most });
      onMade(name);
      onClose();
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("newComputeTitle")} closeButtonProps={{ "aria-label": words("close") }}>
      <form className={classes.dialog} onSubmit={(event) => void create(event)}>
        <p className="faint">{t("newComputeText")}</p>
        <TextInput label={t("name")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <NumberInput size="xs" label={t("atOnce")} value={most} min={1} onChange={(next) => setMost(Number(next) || 1)} />
        {error ? <ErrorNote error={error} /> : null}
        <div className={classes.dialogEnd}>
          <Button variant="default" onClick={onClose}>
            {words("cancel")}
          </Button>
          <Button type="submit" disabled={!name}>
            {t("create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
