// An editor for YAML, JSON and Python, loaded when first shown; read-only where nothing is to be changed.
import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { EditorHandle } from "./codemirror";

export type CodeLanguage = "yaml" | "json" | "python" | "text";

interface CodeEditorProps {
  label: string;
  value: string;
  language: CodeLanguage;
  /** Without it the text can only be read. */
  onChange?(value: string): void;
  height?: number | string;
}

export function CodeEditor({ label, value, language, onChange, height = 320 }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const scheme = useComputedColorScheme("light");
  const newest = useRef({ value, onChange });
  newest.current = { value, onChange };
  const isReadOnly = onChange === undefined;
  useEffect(() => {
    let isGone = false;
    void import("./codemirror").then(({ makeEditor }) => {
      if (isGone || !box.current) return;
      box.current.replaceChildren();
      editor.current = makeEditor(box.current, {
        label,
        language,
        isReadOnly,
        isDark: scheme === "dark",
        text: newest.current.value,
        onChange: (text) => newest.current.onChange?.(text),
      });
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, [label, language, isReadOnly, scheme]);
  useEffect(() => editor.current?.setText(value), [value]);
  return (
    <div ref={box} style={{ height, border: "1px solid var(--b-line)", borderRadius: 8, overflow: "hidden", background: "var(--b-panel)" }}>
      <Skeleton height="100%" />
    </div>
  );
}
