// What stands above a table: the page's filters, how many rows there are, saved views, the column editor.
import { ActionIcon, Button, Checkbox, Menu, Popover, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { remembered } from "@/api/remembered";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import classes from "./TableTools.module.css";
import { type ColumnState, moved } from "./tableState";
import { partTexts } from "./texts";
import { type Search, stringifySearch, useUrlState } from "./urlState";

interface ToolsProps {
  name: string;
  columns: readonly { id: string; title: string }[];
  states: ColumnState[];
  onStates(states: ColumnState[]): void;
  total: number | undefined;
  chosen: number;
  onClear(): void;
  children?: ReactNode;
}

export function TableTools({ name, columns, states, onStates, total, chosen, onClear, children }: ToolsProps) {
  const t = useTexts(partTexts);
  return (
    <div className={classes.bar}>
      <div className={classes.left}>{children}</div>
      <div className={classes.right}>
        {chosen ? (
          <Button variant="subtle" size="compact-xs" onClick={onClear} rightSection={<Icon name="close" size={12} />} aria-label={t("clearSelection")}>
            {t("chosenRows", { count: chosen })}
          </Button>
        ) : null}
        <span className="faint" role="status">
          {total === undefined ? "" : t("rows", { count: total })}
        </span>
        <Views name={name} />
        <ColumnEditor columns={columns} states={states} onStates={onStates} />
      </div>
    </div>
  );
}

type SavedViews = Record<string, Search>;

function Views({ name }: { name: string }) {
  const t = useTexts(partTexts);
  const [search, change] = useUrlState();
  const place = `views.${name}`;
  const [views, setViews] = useState(() => remembered.json<SavedViews>(place, {}));
  const [title, setTitle] = useState("");
  const store = (next: SavedViews) => {
    setViews(next);
    remembered.set(place, JSON.stringify(next));
  };
  const nothing: Search = Object.fromEntries(Object.keys(search).map((key) => [key, undefined]));
  const current = Object.entries(views).find(([, one]) => stringifySearch(one) === stringifySearch(search))?.[0];
  const save = () => {
    const chosen = title.trim();
    if (!chosen) return;
    store({ ...views, [chosen]: search });
    setTitle("");
  };
  return (
    <Menu position="bottom-end" width={260} closeOnItemClick>
      <Menu.Target>
        <Button variant="default" size="compact-sm" leftSection={<Icon name="bookmark" size={14} />}>
          {current ?? t("views")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change(nothing)}>{t("defaultView")}</Menu.Item>
        {Object.entries(views).map(([one, words]) => (
          <div key={one} className={classes.view}>
            <Menu.Item onClick={() => change({ ...nothing, ...words })}>{one}</Menu.Item>
            <ActionIcon
              aria-label={t("remove", { name: one })}
              onClick={() => store(Object.fromEntries(Object.entries(views).filter(([key]) => key !== one)))}
            >
              <Icon name="trash" size={14} />
            </ActionIcon>
          </div>
        ))}
        {Object.keys(views).length === 0 ? <p className={classes.hint}>{t("noViews")}</p> : null}
        <Menu.Divider />
        <form
          className={classes.save}
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <TextInput
            aria-label={t("viewName")}
            placeholder={t("viewName")}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
            onKeyDown={(event) => event.stopPropagation()}
          />
          <Button type="submit" disabled={!title.trim()}>
            {t("save")}
          </Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}

function ColumnEditor({ columns, states, onStates }: Pick<ToolsProps, "columns" | "states" | "onStates">) {
  const t = useTexts(partTexts);
  const [words, setWords] = useState("");
  const title = (id: string) => columns.find((one) => one.id === id)?.title ?? id;
  const fits = states.flatMap((state, index) => (title(state.id).toLowerCase().includes(words.toLowerCase()) ? [{ state, index }] : []));
  return (
    <Popover position="bottom-end" width={300} shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" size="compact-sm" leftSection={<Icon name="columns" size={14} />}>
          {t("columns")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t("columns")}>
        <TextInput aria-label={t("search")} placeholder={t("search")} value={words} onChange={(event) => setWords(event.currentTarget.value)} mb={6} />
        <ul className={classes.columns}>
          {fits.slice(0, 200).map(({ state, index }) => (
            <li key={state.id}>
              <Checkbox
                label={title(state.id)}
                checked={state.isShown}
                onChange={(event) => {
                  const isShown = event.currentTarget.checked;
                  onStates(states.map((one) => (one.id === state.id ? { ...one, isShown } : one)));
                }}
              />
              <ActionIcon size="sm" aria-label={t("moveUp", { name: title(state.id) })} disabled={index === 0} onClick={() => onStates(moved(states, index, -1))}>
                <Icon name="up" size={14} />
              </ActionIcon>
              <ActionIcon size="sm" aria-label={t("moveDown", { name: title(state.id) })} disabled={index === states.length - 1} onClick={() => onStates(moved(states, index, 1))}>
                <Icon name="down" size={14} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      </Popover.Dropdown>
    </Popover>
  );
}
