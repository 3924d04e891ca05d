// Tabs whose choice is in the address, by the query or by the page's own route.
import "@mantine/core/styles/Tabs.css";
import { Tabs } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "@/i18n/texts";
import { partTexts } from "./texts";
import { useUrlState } from "./urlState";

export interface Tab {
  id: string;
  title: string;
  count?: number | undefined;
  content: ReactNode;
}

interface UrlTabsProps {
  tabs: readonly Tab[];
  /** Given by a route that holds the tab in its path; else the word `tab` of the query does. */
  value?: string | undefined;
  onChange?(id: string): void;
}

/** Only the chosen tab's content is drawn. */
export function UrlTabs({ tabs, value, onChange }: UrlTabsProps) {
  const t = useTexts(partTexts);
  const [search, change] = useUrlState();
  const asked = onChange ? value : search.tab;
  const chosen = tabs.find((one) => one.id === asked) ?? tabs[0];
  if (!chosen) return null;
  const choose = (id: string | null) => {
    if (id === null) return;
    if (onChange) onChange(id);
    else change({ tab: id === tabs[0]?.id ? undefined : id });
  };
  return (
    <Tabs value={chosen.id} onChange={choose} keepMounted={false} style={{ display: "flex", flexDirection: "column", flex: 1, minHeight: 0 }}>
      <Tabs.List aria-label={t("sections")}>
        {tabs.map((one) => (
          <Tabs.Tab key={one.id} value={one.id}>
            {one.title}
            {one.count === undefined ? null : <span className="faint"> {one.count}</span>}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={chosen.id} pt="sm" style={{ display: "flex", flexDirection: "column", flex: 1, minHeight: 0 }}>
        {chosen.content}
      </Tabs.Panel>
    </Tabs>
  );
}
