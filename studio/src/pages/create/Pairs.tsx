// Names with texts (tags, environment variables), as rows.
import { Button, TextInput } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Create.module.css";
import { freshName, type Path, renamed } from "./document";
import { IconButton, useForm } from "./form";
import { createTexts } from "./texts";

interface PairsProps {
  path: Path;
  label: string;
  add: string;
  keyLabel: string;
  valueLabel: string;
}

export function Pairs({ path, label, add, keyLabel, valueLabel }: PairsProps) {
  const t = useTexts(createTexts);
  const { mapAt, set } = useForm();
  const pairs = mapAt(path);
  const names = Object.keys(pairs);
  return (
    <div role="group" aria-label={label} style={{ display: "grid", gap: 8 }}>
      <div className={classes.bar}>
        <strong className={classes.label}>{label}</strong>
        <Button variant="subtle" size="compact-xs" leftSection={<Icon name="plus" size={12} />} onClick={() => set(path, { ...pairs, [freshName("name", pairs)]: "" })}>
          {add}
        </Button>
      </div>
      {names.map((name, index) => (
        <div key={index} className={classes.row} data-kind="pair">
          <TextInput aria-label={keyLabel} value={name} onChange={(event) => set(path, renamed(pairs, name, event.currentTarget.value))} />
          <TextInput aria-label={`${valueLabel} ${name}`} value={String(pairs[name] ?? "")} onChange={(event) => set(path, { ...pairs, [name]: event.currentTarget.value })} />
          <span className={classes.end}>
            <IconButton
              icon="trash"
              label={t("remove", { name })}
              onClick={() => {
                const { [name]: _gone, ...rest } = pairs;
                set(path, Object.keys(rest).length ? rest : undefined);
              }}
            />
          </span>
        </div>
      ))}
    </div>
  );
}
