// Where a job runs: any place on this machine, a compute, or one that is made here.
import { Button, Modal, NumberInput, Select, TextInput } from "@mantine/core";
import "@mantine/core/styles/NumberInput.css";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { partTexts } from "@/parts/texts";
import classes from "./Create.module.css";
import { createTexts } from "./texts";

interface ComputeSelectProps {
  ws: string;
  /** Its name; empty: any place on this machine. */
  value: string;
  error?: string | undefined;
  onChange(name: string): void;
}

export function ComputeSelect({ ws, value: chosen, error, onChange }: ComputeSelectProps) {
  const t = useTexts(createTexts);
  const [isNew, setNew] = useState(false);
  const { data } = useQuery({ queryKey: [...keys.computes(ws), "list"], queryFn: () => allItems<Schemas["AmlCompute"]>(inWorkspace(ws, "computes")) });
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
        error={error}
        onChange={(next) => (next === "+" ? setNew(true) : onChange(next ?? ""))}
      />
      <NewCompute ws={ws} isOpen={isNew} onClose={() => setNew(false)} onMade={onChange} />
    </>
  );
}

function NewCompute({ ws, isOpen, onClose, onMade }: { ws: string; isOpen: boolean; onClose(): void; onMade(name: string): void }) {
  const t = useTexts(createTexts);
  const words = useTexts(partTexts);
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
