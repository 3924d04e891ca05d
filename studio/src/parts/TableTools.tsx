// What stands above a table: the page's filters, how many rows there are, saved views, the column editor.
import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { remembered } from "@/api/remembered";
import { useTexts } from "@/i18n/texts";
import type { FindColumns } from "./ColumnEditor";
import { Icon } from "./Icon";
import { OnDemand } from "./OnDemand";
import { type SavedViews, viewsPlace } from "./savedViews";
import classes from "./TableTools.module.css";
import type { ColumnState } from "./tableState";
import { partTexts } from "./texts";
import { stringifySearch, useUrlState } from "./urlState";

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
        <ViewsButton name={name} />
        <OnDemand
          kind="dialog"
          load={() => import("./ColumnEditor").then((found) => found.ColumnEditor)}
          given={{ columns, states, onStates, find: findColumns, children: columnTools }}
          button={
            <Button variant="default" size="compact-sm" leftSection={<Icon name="columns" size={14} />}>
              {t("columns")}
            </Button>
          }
        />
      </div>
    </div>
  );
}

function ViewsButton({ name }: { name: string }) {
  const t = useTexts(partTexts);
  const [search] = useUrlState();
  const [views, setViews] = useState(() => remembered.json<SavedViews>(viewsPlace(name), {}));
  const current = Object.entries(views).find(([, one]) => stringifySearch(one) === stringifySearch(search))?.[0];
  return (
    <OnDemand
      kind="menu"
      load={() => import("./Views").then((found) => found.Views)}
      given={{ name, views, onViews: setViews }}
      button={
        <Button variant="default" size="compact-sm" leftSection={<Icon name="bookmark" size={14} />}>
          {current ?? t("views")}
        </Button>
      }
    />
  );
}
