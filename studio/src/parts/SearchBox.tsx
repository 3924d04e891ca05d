// A field that filters a list: what is typed is in the address a moment later.
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { Icon } from "./Icon";
import { useUrlState } from "./urlState";

/** `word`: under which name it stands in the query. */
export function SearchBox({ label, word = "q", width = 260 }: { label: string; word?: string; width?: number }) {
  const [search, change] = useUrlState();
  const [words, setWords] = useState(search[word] ?? "");
  useEffect(() => setWords(search[word] ?? ""), [search, word]);
  const ask = useDebouncedCallback((text: string) => change({ [word]: text }), 200);
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      leftSection={<Icon name="search" size={14} />}
      value={words}
      w={width}
      onChange={(event) => {
        setWords(event.currentTarget.value);
        ask(event.currentTarget.value);
      }}
    />
  );
}
