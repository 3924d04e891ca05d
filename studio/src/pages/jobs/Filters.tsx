// The filter of the table: chips that are conditions, or the text that they stand for, with its error below.
import { ActionIcon, Button, Popover, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { type KeyboardEvent, useEffect, useState } from "react";
import { asApiError } from "@/api/errors";
import { jobRows } from "@/api/queries";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { Icon } from "@/parts/Icon";
import { statusTexts } from "@/parts/statuses";
import { useUrlState } from "@/parts/urlState";
import { attributeFields, wordsOf } from "./fields";
import { FilterForm } from "./FilterForm";
import { type Condition, parseConditions, printConditions } from "./filterLanguage";
import classes from "./Jobs.module.css";
import { jobsTexts } from "./texts";

/** Words, which jobs, tree or list, and the button for a new condition. */
export function JobFilters({ ws, isBelow }: { ws: string; isBelow: boolean }) {
  const t = useTexts(jobsTexts);
  const [search, change] = useUrlState();
  const [words, setWords] = useState(search.q ?? "");
  useEffect(() => setWords(search.q ?? ""), [search.q]);
  const ask = useDebouncedCallback((q: string) => change({ q }), 200);
  return (
    <>
      <TextInput
        aria-label={t("search")}
        placeholder={t("search")}
        leftSection={<Icon name="search" size={14} />}
        value={words}
        w={276}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          ask(event.currentTarget.value);
        }}
      />
      <Select
        aria-label={t("shown")}
        value={search.view ?? "active"}
        onChange={(view) => change({ view: view === "active" ? undefined : (view ?? undefined) })}
        allowDeselect={false}
        w={112}
        data={[
          { value: "active", label: t("active") },
          { value: "archived", label: t("archived") },
          { value: "all", label: t("all") },
        ]}
      />
      {isBelow ? null : (
        <SegmentedControl
          aria-label={t("layout")}
          value={search.scope ?? "roots"}
          onChange={(scope) => change({ scope: scope === "roots" ? undefined : scope, open: undefined })}
          data={[
            { value: "roots", label: t("asTree") },
            { value: "all", label: t("asList") },
          ]}
        />
      )}
      <AddCondition ws={ws} />
    </>
  );
}

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

function AddCondition({ ws }: { ws: string }) {
  const t = useTexts(jobsTexts);
  const [search, change] = useUrlState();
  const { fields, conditions, put } = useConditions();
  const [isOpen, setOpen] = useState(false);
  const isText = search.mode === "text" || conditions === null;
  return (
    <>
      {isText ? null : (
        <Popover opened={isOpen} onChange={setOpen} position="bottom-start" width={300} shadow="md" trapFocus>
          <Popover.Target>
            <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={14} />} onClick={() => setOpen(!isOpen)}>
              {t("addFilter")}
            </Button>
          </Popover.Target>
          <Popover.Dropdown p="xs" aria-label={t("addFilter")}>
            <FilterForm
              ws={ws}
              fields={fields}
              onDone={(made) => {
                put([...(conditions ?? []), made]);
                setOpen(false);
              }}
            />
          </Popover.Dropdown>
        </Popover>
      )}
      <Button
        variant={isText ? "light" : "subtle"}
        color={isText ? undefined : "gray"}
        size="compact-sm"
        leftSection={<Icon name="terminal" size={14} />}
        aria-pressed={isText}
        disabled={conditions === null}
        onClick={() => change({ mode: isText ? undefined : "text" })}
      >
        {t("expert")}
      </Button>
    </>
  );
}

/** The line below the tools: one chip a condition, or the text. */
export function FilterLine({ ws }: { ws: string }) {
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
