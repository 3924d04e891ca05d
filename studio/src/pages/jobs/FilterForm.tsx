// Makes one condition of the filter: first the field, then the comparison and the value.
import { ActionIcon, Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { columnsQuery } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import type { Condition } from "./filterLanguage";
import { type Choice, conditionOf, type Field, formOf, loggedField, operatorsOf } from "./fields";
import classes from "./Jobs.module.css";
import { jobsTexts } from "./texts";

interface FilterFormProps {
  ws: string;
  fields: readonly Field[];
  /** The condition to change; without one a new one is made. */
  condition?: Condition | undefined;
  onDone(condition: Condition): void;
}

export function FilterForm({ ws, fields, condition, onDone }: FilterFormProps) {
  const known = condition ? (fields.find((one) => one.entity === condition.entity && one.key === condition.key) ?? fieldOf(condition)) : null;
  const [field, setField] = useState<Field | null>(known);
  return field ? (
    <Comparison key={`${field.entity}.${field.key}`} field={field} condition={field === known ? condition : undefined} onBack={() => setField(null)} onDone={onDone} />
  ) : (
    <FieldChoice ws={ws} fields={fields} onChoose={setField} />
  );
}

function fieldOf({ entity, key }: Condition): Field {
  return entity === "attributes" ? { entity, key, title: key, kind: "text" } : loggedField(entity, key);
}

const KINDS = ["metrics", "params", "tags"] as const;

function FieldChoice({ ws, fields, onChoose }: { ws: string; fields: readonly Field[]; onChoose(field: Field): void }) {
  const t = useTexts(jobsTexts);
  const formats = useFormats();
  const [words, setWords] = useState("");
  const [asked] = useDebouncedValue(words.trim(), 150);
  const { data: logged } = useQuery({ ...columnsQuery(ws, asked, 20), staleTime: 10_000, placeholderData: keepPreviousData });
  const fits = fields.filter((one) => one.title.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <>
      <TextInput aria-label={t("findField")} placeholder={t("findField")} leftSection={<Icon name="search" size={14} />} value={words} onChange={(event) => setWords(event.currentTarget.value)} data-autofocus mb={6} />
      <div className={classes.fields}>
        {fits.length ? <h2>{t("fields")}</h2> : null}
        {fits.map((one) => (
          <button key={one.key} type="button" onClick={() => onChoose(one)}>
            {one.title}
          </button>
        ))}
        {KINDS.map((kind) =>
          logged?.[kind].length ? (
            <section key={kind}>
              <h2>{t(kind)}</h2>
              {logged[kind].map((one) => (
                <button key={one.key} type="button" onClick={() => onChoose(loggedField(kind, one.key))}>
                  <span className="cut">{one.key}</span>
                  <span className="faint">{formats.integer(one.runs)}</span>
                </button>
              ))}
            </section>
          ) : null,
        )}
      </div>
    </>
  );
}

interface ComparisonProps {
  field: Field;
  condition: Condition | undefined;
  onBack(): void;
  onDone(condition: Condition): void;
}

function Comparison({ field, condition, onBack, onDone }: ComparisonProps) {
  const t = useTexts(jobsTexts);
  const operators = operatorsOf(field.kind, t);
  const before = condition ? formOf(condition, field.kind) : null;
  const [choice, setChoice] = useState<Choice>(before?.choice ?? operators[0]!.value);
  const [text, setText] = useState(field.kind === "time" ? localTime(before?.text) : (before?.text ?? ""));
  const [values, setValues] = useState<string[]>(before?.values ?? []);
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const made = conditionOf(field, choice, text, values);
    if (made) onDone(made);
    else setWrong(true);
  };
  const ago = (hours: number) => onDone(conditionOf(field, ">", new Date(Date.now() - hours * 3_600_000).toISOString(), [])!);
  const problem = isWrong ? t(field.kind === "number" && text.trim() ? "numberNeeded" : "valueNeeded") : undefined;
  return (
    <form onSubmit={submit} className={classes.comparison}>
      <div className={classes.fieldName}>
        <ActionIcon aria-label={t("back")} onClick={onBack}>
          <Icon name="left" />
        </ActionIcon>
        <strong className="cut">{field.title}</strong>
      </div>
      {field.kind === "time" ? (
        <div className={classes.presets}>
          <Button variant="light" size="compact-xs" onClick={() => ago(1)}>{t("lastHour")}</Button>
          <Button variant="light" size="compact-xs" onClick={() => ago(24)}>{t("lastDay")}</Button>
          <Button variant="light" size="compact-xs" onClick={() => ago(24 * 7)}>{t("lastWeek")}</Button>
        </div>
      ) : null}
      <NativeSelect aria-label={t("operator")} size="xs" data={operators} value={choice} onChange={(event) => setChoice(event.currentTarget.value as Choice)} />
      {choice === "IN" || choice === "NOT IN" ? (
        field.choices ? (
          <Checkbox.Group value={values} onChange={setValues} aria-label={t("value")} error={problem}>
            <div className={classes.choices}>
              {field.choices.map((one) => (
                <Checkbox key={one.value} value={one.value} label={one.label} />
              ))}
            </div>
          </Checkbox.Group>
        ) : (
          <TextInput aria-label={t("value")} value={values.join(", ")} error={problem} onChange={(event) => setValues(event.currentTarget.value.split(",").map((one) => one.trim()))} />
        )
      ) : choice === "IS NULL" || choice === "IS NOT NULL" ? null : (
        <TextInput
          aria-label={t("value")}
          placeholder={t("value")}
          type={field.kind === "time" ? "datetime-local" : "text"}
          inputMode={field.kind === "number" ? "decimal" : "text"}
          rightSection={field.entity === "attributes" && field.key === "duration" ? <span className="faint">{t("unitSeconds")}</span> : undefined}
          rightSectionWidth={field.key === "duration" ? 70 : undefined}
          value={text}
          error={problem}
          data-autofocus
          onChange={(event) => setText(field.kind === "number" ? event.currentTarget.value.replace(",", ".") : event.currentTarget.value)}
        />
      )}
      <Button type="submit" fullWidth>
        {t("apply")}
      </Button>
    </form>
  );
}

/** Return a time as the browser's field for it takes it: local, to the minute. */
function localTime(text: string | undefined): string {
  const at = new Date(text ?? "");
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
