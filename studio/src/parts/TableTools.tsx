// What stands above a table: the page's filters, how many rows there are, saved views, the column editor.
import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { remembered } from "@/api/remembered";
import { useTexts } from "@/i18n/texts";
import { ColumnEditor, type FindColumns } from "./ColumnEditor";
import { Icon } from "./Icon";
import classes from "./TableTools.module.css";
import type { ColumnState } from "./tableState";
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
  findColumns?: FindColumns | undefined;
  columnTools?: ReactNode;
  children?: ReactNode;
}

export function TableTools({ name, columns, states, onStates, total, chosen, onClear, findColumns, columnTools, children }: ToolsProps) {
  const t = useTexts(partTexts);
  return (
    <div className={classes.bar}>
      <div className={classes.left}>{children}</div>
      <div className={classes.right}>
        {chosen ? (
          <Button variant="subtle" size="compact-xs" onClick={onClear} rightSection={<Icon name="close" size={12} />} aria-label={`${t("chosenRows", { count: chosen })}. ${t("clearSelection")}`}>
            {t("chosenRows", { count: chosen })}
          </Button>
        ) : null}
        <span className="faint" role="status">
          {total === undefined ? "" : t("rows", { count: total })}
        </span>
        <Views name={name} />
        <ColumnEditor columns={columns} states={states} onStates={onStates} find={findColumns}>
          {columnTools}
        </ColumnEditor>
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
