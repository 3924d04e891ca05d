// Which columns a table shows, in which order and how wide; searched among as many as there are.
import { ActionIcon, Checkbox, Popover, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import classes from "./ColumnEditor.module.css";
import { Icon } from "./Icon";
import { type OpenButton, useOpening } from "./OnDemand";
import { type ColumnState, clampWidth, moved, movedTo, NARROWEST, WIDEST } from "./tableState";
import { partTexts } from "./texts";

export interface FoundColumn {
  id: string;
  title: string;
  /** How many rows have it. */
  rows?: number;
}

export interface FoundGroup {
  title: string;
  columns: readonly FoundColumn[];
  /** How many there are in all, of which `columns` are the first. */
  total: number;
}

export interface FindColumns {
  /** Under which answers are kept. */
  key: readonly unknown[];
  find(words: string): Promise<FoundGroup[]>;
}

interface ColumnEditorProps {
  columns: readonly { id: string; title: string }[];
  states: ColumnState[];
  onStates(states: ColumnState[]): void;
  find?: FindColumns | undefined;
  children?: ReactNode;
}

export function ColumnEditor({ button, ...props }: ColumnEditorProps & { button: OpenButton }) {
  const t = useTexts(partTexts);
  const { target, ...opening } = useOpening(button, { toggles: true });
  return (
    <Popover position="bottom-end" width={360} shadow="md" trapFocus {...opening}>
      <Popover.Target>{target}</Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t("columns")}>
        <Body {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Body({ columns, states, onStates, find, children }: ColumnEditorProps) {
  const t = useTexts(partTexts);
  const [words, setWords] = useState("");
  const title = (id: string) => columns.find((one) => one.id === id)?.title ?? id;
  const fits = (text: string) => text.toLowerCase().includes(words.trim().toLowerCase());
  const shown = states.filter((one) => one.isShown);
  const rest = states.filter((one) => !one.isShown && fits(title(one.id)) && !one.id.includes("."));
  const field = useRef<HTMLInputElement>(null);
  const show = (id: string) => {
    field.current?.focus(); // the box that was ticked goes from here, and with it the focus
    onStates([...shown, { id, width: states.find((one) => one.id === id)?.width ?? 120, isShown: true }, ...states.filter((one) => !one.isShown && one.id !== id)]);
  };
  return (
    <>
      <TextInput ref={field} aria-label={t("search")} placeholder={t("search")} leftSection={<Icon name="search" size={14} />} value={words} onChange={(event) => setWords(event.currentTarget.value)} mb={6} data-autofocus />
      <div className={classes.scroll}>
        {words ? null : <Shown shown={shown} all={states} title={title} onStates={onStates} />}
        {words ? <Choices columns={shown.filter((one) => fits(title(one.id))).map((one) => ({ id: one.id, title: title(one.id) }))} isShown onToggle={(id) => onStates(states.map((one) => (one.id === id ? { ...one, isShown: false } : one)))} /> : null}
        {rest.length ? <h2 className={classes.group}>{t("moreColumns")}</h2> : null}
        <Choices columns={rest.map((one) => ({ id: one.id, title: title(one.id) }))} onToggle={show} />
        {find ? <Found find={find} words={words} shown={shown} onToggle={show} /> : null}
      </div>
      {children ? <div className={classes.tools}>{children}</div> : null}
    </>
  );
}

interface ShownProps {
  shown: ColumnState[];
  all: ColumnState[];
  title(id: string): string;
  onStates(states: ColumnState[]): void;
}

/** The columns in their order: dragged, moved by buttons, hidden, given a width. */
function Shown({ shown, all, title, onStates }: ShownProps) {
  const t = useTexts(partTexts);
  const [dragged, setDragged] = useState<number | null>(null);
  const hidden = all.filter((one) => !one.isShown);
  const put = (next: ColumnState[]) => onStates([...next, ...hidden]);
  const drop = (event: DragEvent, at: number) => {
    event.preventDefault();
    if (dragged !== null) put(movedTo(shown, dragged, at));
    setDragged(null);
  };
  return (
    <ul className={classes.columns}>
      {shown.map((state, index) => (
        <li
          key={state.id}
          draggable
          data-dragged={dragged === index || undefined}
          onDragStart={(event) => {
            event.dataTransfer.effectAllowed = "move";
            setDragged(index);
          }}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => drop(event, index)}
          onDragEnd={() => setDragged(null)}
        >
          <span className={classes.grip} aria-hidden="true">
            <Icon name="grip" size={14} />
          </span>
          <Checkbox className={classes.name} label={title(state.id)} checked disabled={shown.length === 1} onChange={() => onStates(all.map((one) => (one.id === state.id ? { ...one, isShown: false } : one)))} />
          <input
            type="number"
            className={classes.width}
            aria-label={t("widthOf", { name: title(state.id) })}
            min={NARROWEST}
            max={WIDEST}
            step={10}
            defaultValue={state.width}
            key={`${state.id}-${state.width}`}
            onBlur={(event) => {
              const width = clampWidth(Number(event.currentTarget.value) || state.width);
              if (width !== state.width) put(shown.map((one) => (one.id === state.id ? { ...one, width } : one)));
            }}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
          <ActionIcon size="sm" aria-label={t("moveUp", { name: title(state.id) })} disabled={index === 0} onClick={() => put(moved(shown, index, -1))}>
            <Icon name="up" size={14} />
          </ActionIcon>
          <ActionIcon size="sm" aria-label={t("moveDown", { name: title(state.id) })} disabled={index === shown.length - 1} onClick={() => put(moved(shown, index, 1))}>
            <Icon name="down" size={14} />
          </ActionIcon>
        </li>
      ))}
    </ul>
  );
}

/** What the server knows of more columns. */
function Found({ find, words, shown, onToggle }: { find: FindColumns; words: string; shown: ColumnState[]; onToggle(id: string): void }) {
  const t = useTexts(partTexts);
  const [asked] = useDebouncedValue(words.trim(), 150);
  const { data: groups } = useQuery({ queryKey: [...find.key, asked], queryFn: () => find.find(asked), placeholderData: keepPreviousData });
  const isShown = new Set(shown.map((one) => one.id));
  return groups?.map((group) => {
    const columns = group.columns.filter((one) => !isShown.has(one.id));
    return columns.length ? (
      <section key={group.title}>
        <h2 className={classes.group}>{group.title}</h2>
        <Choices columns={columns} onToggle={onToggle} />
        {group.total > group.columns.length ? <p className={classes.hint}>{t("searchForMore", { count: group.total - group.columns.length })}</p> : null}
      </section>
    ) : null;
  });
}

function Choices({ columns, isShown = false, onToggle }: { columns: readonly FoundColumn[]; isShown?: boolean; onToggle(id: string): void }) {
  const formats = useFormats();
  return (
    <ul className={classes.columns}>
      {columns.map((one) => (
        <li key={one.id}>
          <Checkbox className={classes.name} label={one.title} title={one.title} checked={isShown} onChange={() => onToggle(one.id)} />
          {one.rows === undefined ? null : <span className="faint">{formats.integer(one.rows)}</span>}
        </li>
      ))}
    </ul>
  );
}
