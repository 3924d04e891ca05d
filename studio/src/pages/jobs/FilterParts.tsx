// What a filter is made and changed with: its chips or its text, and the form of a condition. Fetched once there is one.
import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";
import { asApiError } from "@/api/errors";
import { jobRows } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { type OpenButton, useOpening } from "@/parts/OnDemand";
import { useServerWords } from "@/parts/serverWords";
import { statusTexts } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { attributeFields, wordsOf } from "./fields";
import { FilterForm } from "./FilterForm";
import { type Condition, parseConditions, printConditions } from "./filterLanguage";
import classes from "./Jobs.module.css";
import { jobsTexts } from "./texts";

function useConditions() {
  const t = useTexts(jobsTexts);
  const status = useTexts(statusTexts);
  const [search, change] = useUrlState();
  const conditions = parseConditions(search.filter ?? "");
  return {
    fields: attributeFields(t, status),
    conditions,
    put: (next: readonly Condition[]) => change({ filter: printConditions(next) || undefined }),
  };
}

/** The form of a new condition, below its button. */
export function AddFilter({ ws, button }: { ws: string; button: OpenButton }) {
  const t = useTexts(jobsTexts);
  const { fields, conditions, put } = useConditions();
  const { target, opened, onChange } = useOpening(button, { toggles: true });
  return (
    <Popover opened={opened} onChange={onChange} position="bottom-start" width={300} shadow="md" trapFocus>
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t("addFilter")}>
        <FilterForm
          ws={ws}
          fields={fields}
          onDone={(made) => {
            put([...(conditions ?? []), made]);
            onChange(false);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

/** The line below the tools: one chip a condition, or the text. */
export default function FilterLine({ ws }: { ws: string }) {
  const [search] = useUrlState();
  const { fields, conditions, put } = useConditions();
  if (search.mode === "text" || conditions === null) return <Expression key={search.filter ?? ""} ws={ws} isOdd={conditions === null} />;
  if (!conditions.length) return null;
  return (
    <div className={classes.chips}>
      {conditions.map((one, index) => (
        <Chip
          key={`${index}-${one.entity}-${one.key}`}
          ws={ws}
          condition={one}
          fields={fields}
          onChange={(next) => put(conditions.map((other, at) => (at === index ? next : other)))}
          onRemove={() => put(conditions.filter((_, at) => at !== index))}
        />
      ))}
      <ClearFilters />
    </div>
  );
}

function ClearFilters() {
  const t = useTexts(jobsTexts);
  const [, change] = useUrlState();
  return (
    <Button variant="subtle" size="compact-xs" color="gray" onClick={() => change({ filter: undefined })}>
      {t("clear")}
    </Button>
  );
}

interface ChipProps {
  ws: string;
  condition: Condition;
  fields: ReturnType<typeof attributeFields>;
  onChange(condition: Condition): void;
  onRemove(): void;
}

function Chip({ ws, condition, fields, onChange, onRemove }: ChipProps) {
  const t = useTexts(jobsTexts);
  const formats = useFormats();
  const [isOpen, setOpen] = useState(false);
  const words = wordsOf(condition, fields, t, formats);
  return (
    <span className={classes.chip}>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={300} shadow="md" trapFocus>
        <Popover.Target>
          <button type="button" aria-label={t("editFilter", { name: words })} title={words} onClick={() => setOpen(!isOpen)}>
            {words}
          </button>
        </Popover.Target>
        <Popover.Dropdown p="xs" aria-label={words}>
          <FilterForm
            ws={ws}
            fields={fields}
            condition={condition}
            onDone={(made) => {
              onChange(made);
              setOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <ActionIcon size="xs" aria-label={t("removeFilter", { name: words })} onClick={onRemove}>
        <Icon name="close" size={11} />
      </ActionIcon>
    </span>
  );
}

/** The filter as a text. It is asked for before it holds: a mistake is told here and changes nothing. */
function Expression({ ws, isOdd }: { ws: string; isOdd: boolean }) {
  const t = useTexts(jobsTexts);
  const words = useServerWords();
  const [search, change] = useUrlState();
  const [text, setText] = useState(search.filter ?? "");
  const [error, setError] = useState<string | null>(null);
  const apply = async () => {
    const filter = text.trim();
    try {
      await jobRows(ws, { filter, limit: 1, scope: "all" });
      setError(null);
      change({ filter: filter || undefined, mode: "text" });
    } catch (reason) {
      setError(words.of(asApiError(reason)));
    }
  };
  return (
    <div className={classes.expression}>
      <TextInput
        aria-label={t("expression")}
        placeholder={t("expressionHint")}
        value={text}
        error={error}
        description={isOdd ? t("expressionOdd") : undefined}
        inputWrapperOrder={["input", "error", "description"]}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event: KeyboardEvent) => event.key === "Enter" && void apply()}
      />
      <Button variant="default" onClick={() => void apply()}>
        {t("apply")}
      </Button>
    </div>
  );
}
