// The saved views of a table: chosen, saved under a name, deleted. Fetched when somebody goes for their button.
import { ActionIcon, Button, Menu, TextInput } from "@mantine/core";
import { useState } from "react";
import { remembered } from "@/api/remembered";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { type OpenButton, useOpening } from "./OnDemand";
import { type SavedViews, viewsPlace } from "./savedViews";
import classes from "./Views.module.css";
import { partTexts } from "./texts";
import { type Search, useUrlState } from "./urlState";

interface ViewsProps {
  name: string;
  views: SavedViews;
  onViews(views: SavedViews): void;
  button: OpenButton;
}

export function Views({ name, views, onViews, button }: ViewsProps) {
  const t = useTexts(partTexts);
  const [search, change] = useUrlState();
  const [title, setTitle] = useState("");
  const { target, ...opening } = useOpening(button);
  const store = (next: SavedViews) => {
    onViews(next);
    remembered.set(viewsPlace(name), JSON.stringify(next));
  };
  const nothing: Search = Object.fromEntries(Object.keys(search).map((key) => [key, undefined]));
  const save = () => {
    const chosen = title.trim();
    if (!chosen) return;
    store({ ...views, [chosen]: search });
    setTitle("");
  };
  return (
    <Menu position="bottom-end" width={260} closeOnItemClick {...opening}>
      <Menu.Target>{target}</Menu.Target>
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
