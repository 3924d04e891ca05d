// The filter of the table: words, which jobs, tree or list, and the way to conditions.
import { Button, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Suspense, useEffect, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { lazyOr } from "@/parts/lazyOr";
import { OnDemand } from "@/parts/OnDemand";
import { useUrlState } from "@/parts/urlState";
import { parseConditions } from "./filterLanguage";
import { jobsTexts } from "./texts";

const Line = lazyOr(() => import("./FilterParts"), PlainLine);

/** The filter as its text: rows that are left out are not left out unsaid. */
function PlainLine() {
  const [search] = useUrlState();
  return <p className="faint">{search.filter}</p>;
}

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
      <NativeSelect
        aria-label={t("shown")}
        size="xs"
        value={search.view ?? "active"}
        onChange={({ currentTarget: { value } }) => change({ view: value === "active" ? undefined : value })}
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
      <Conditions ws={ws} />
    </>
  );
}

function Conditions({ ws }: { ws: string }) {
  const t = useTexts(jobsTexts);
  const [search, change] = useUrlState();
  const isOdd = search.filter !== undefined && parseConditions(search.filter) === null;
  const isText = search.mode === "text" || isOdd;
  return (
    <>
      {isText ? null : (
        <OnDemand
          kind="dialog"
          load={() => import("./FilterParts").then((found) => found.AddFilter)}
          given={{ ws }}
          button={
            <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={14} />}>
              {t("addFilter")}
            </Button>
          }
        />
      )}
      <Button
        variant={isText ? "light" : "subtle"}
        color={isText ? undefined : "gray"}
        size="compact-sm"
        leftSection={<Icon name="terminal" size={14} />}
        aria-pressed={isText}
        disabled={isOdd}
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
  if (search.mode !== "text" && !search.filter) return null;
  return (
    <Suspense>
      <Line ws={ws} />
    </Suspense>
  );
}
