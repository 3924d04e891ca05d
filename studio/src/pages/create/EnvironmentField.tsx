// In which environment it runs: a registered one, a curated one, or one that is made here from a conda file.
import { Autocomplete, Button, Modal, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { curatedQuery, environmentsQuery } from "@/api/assets";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { keys } from "@/api/keys";
import { allItems } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { CodeEditor } from "@/parts/CodeEditor";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import classes from "./Create.module.css";
import { assetOf, assetReference, isMap, workPath } from "./document";
import { Section, useForm } from "./form";
import { createTexts } from "./texts";

export function EnvironmentField() {
  const t = useTexts(createTexts);
  const { ws, document, at, set, errorAt } = useForm();
  const [isNew, setNew] = useState(false);
  const path = [...workPath(document), "environment"];
  const value = at(path);
  const text = isMap(value) ? "" : String(value ?? "");
  const named = assetOf(text);
  const { data: listed } = useQuery(environmentsQuery(ws));
  const { data: curated } = useQuery(curatedQuery);
  const registered = [...new Set((listed ?? []).map((one) => one.name ?? ""))].filter(Boolean);
  const isRegistered = named !== null && registered.includes(named.name);
  const versions = useQuery({
    queryKey: [...keys.asset(ws, "environment", named?.name ?? ""), "versions"],
    queryFn: () => allItems<Schemas["Environment"]>(inWorkspace(ws, "environments", named?.name ?? "", "versions")),
    enabled: isRegistered,
  });
  const groups = [
    ...(registered.length ? [{ group: t("registered"), items: registered.map((one) => assetReference(one, "latest")) }] : []),
    { group: t("curated"), items: (curated ?? []).flatMap((one) => (registered.includes(one.name) ? [] : [assetReference(one.name, "latest")])) },
  ];
  return (
    <Section
      title={t("environment")}
      actions={
        <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => setNew(true)}>
          {t("newEnvironment")}
        </Button>
      }
    >
      {isMap(value) ? (
        <div className={classes.sent}>
          <Icon name="environments" />
          <span className="cut">{t("inlineEnvironment")}</span>
          <Button variant="default" size="compact-xs" onClick={() => set(path, undefined)}>
            {t("otherEnvironment")}
          </Button>
        </div>
      ) : (
        <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr) 130px", gap: 8, alignItems: "start" }}>
          <Autocomplete
            size="xs"
            aria-label={t("environment")}
            placeholder={t("chooseEnvironment")}
            data={groups}
            value={text}
            error={errorAt(path, true)}
            // What is chosen already must not hide the others.
            filter={({ options, search }) => (search === text && named ? options : options.filter((one) => "items" in one || one.label.includes(search)))}
            onChange={(next) => set(path, next)}
          />
          <Select
            aria-label={t("version")}
            data={[...new Set(["latest", ...(named ? [named.version] : []), ...(versions.data?.items ?? []).map((one) => one.version ?? "")])]}
            value={named?.version ?? "latest"}
            allowDeselect={false}
            disabled={!isRegistered}
            onChange={(next) => named && next && set(path, assetReference(named.name, next))}
          />
        </div>
      )}
      {isNew ? <NewEnvironment onClose={() => setNew(false)} onMade={(name) => set(path, assetReference(name, "latest"))} /> : null}
    </Section>
  );
}

const STARTING_FILE = `name: my-env
dependencies:
  - python=3.12
  - pip
  - pip:
      - scikit-learn
      - pandas
      - mlflow-skinny
`;

function NewEnvironment({ onClose, onMade }: { onClose(): void; onMade(name: string): void }) {
  const t = useTexts(createTexts);
  const words = useTexts(partTexts);
  const { ws } = useForm();
  const [name, setName] = useState("my-env");
  const [conda, setConda] = useState(STARTING_FILE);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const file = useRef<HTMLInputElement>(null);
  const create = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setError(null);
    try {
      await send("POST", inWorkspace(ws, "environments", name), { conda_file: conda });
      onMade(name);
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const read = async (found: File | undefined) => {
    if (!found) return;
    const text = await found.text();
    setConda(text);
    const said = /^name:\s*([\w.-]+)/m.exec(text)?.[1];
    if (said) setName(said);
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t("newEnvironment")} closeButtonProps={{ "aria-label": words("close") }}>
      <form className={classes.dialog} onSubmit={(event) => void create(event)}>
        <p className="faint">{t("newEnvironmentText")}</p>
        <TextInput label={t("name")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
        <div className={classes.bar}>
          <strong className={classes.label}>{t("condaFile")}</strong>
          <Button variant="default" size="compact-xs" leftSection={<Icon name="upload" size={12} />} onClick={() => file.current?.click()}>
            {t("readFile")}
          </Button>
          <input ref={file} type="file" hidden accept=".yml,.yaml" aria-label={t("readFile")} onChange={(event) => void read(event.target.files?.[0])} />
        </div>
        <CodeEditor label={t("condaFile")} language="yaml" value={conda} onChange={setConda} height={240} />
        {error ? <ErrorNote error={error} /> : null}
        <div className={classes.dialogEnd}>
          <Button variant="default" onClick={onClose}>
            {words("cancel")}
          </Button>
          <Button type="submit" loading={isBusy} disabled={!name}>
            {t("create")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
