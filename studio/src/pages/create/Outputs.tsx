// What comes out: folders and files that the job writes; with a name they become assets.
import { Button, Select, TextInput } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Create.module.css";
import { DATA_TYPES, freshName, mapOf, renamed } from "./document";
import { IconButton, Section, useForm } from "./form";
import { createTexts } from "./texts";

export function Outputs() {
  const t = useTexts(createTexts);
  const { mapAt, set, errorAt } = useForm();
  const outputs = mapAt(["outputs"]);
  const change = (next: Record<string, unknown>) => set(["outputs"], Object.keys(next).length ? next : undefined);
  return (
    <Section
      title={t("outputs")}
      actions={
        <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => change({ ...outputs, [freshName("result", outputs)]: { type: "uri_folder" } })}>
          {t("addOutput")}
        </Button>
      }
    >
      {Object.keys(outputs).length ? null : <p className="faint">{t("noOutputs")}</p>}
      {Object.entries(outputs).map(([name, raw], index) => {
        const value = mapOf(raw);
        const error = errorAt(["outputs", name], true);
        return (
          <div key={index} className={classes.row} data-kind="port">
            <TextInput aria-label={t("outputName")} value={name} onChange={(event) => change(renamed(outputs, name, event.currentTarget.value.trim()))} />
            <Select
              aria-label={t("typeOf", { name })}
              data={[...DATA_TYPES]}
              value={String(value.type ?? "uri_folder")}
              allowDeselect={false}
              onChange={(type) => change({ ...outputs, [name]: { ...value, type } })}
            />
            <TextInput
              aria-label={t("registerOutput", { name })}
              placeholder={t("registerAs")}
              value={String(value.name ?? "")}
              onChange={(event) => {
                const { name: _before, ...rest } = value;
                const next = event.currentTarget.value;
                change({ ...outputs, [name]: next ? { ...rest, name: next } : rest });
              }}
            />
            <span className={classes.end}>
              <IconButton
                icon="trash"
                label={t("remove", { name })}
                onClick={() => {
                  const { [name]: _gone, ...rest } = outputs;
                  change(rest);
                }}
              />
            </span>
            {error ? <p className={classes.fault}>{error}</p> : null}
          </div>
        );
      })}
    </Section>
  );
}
