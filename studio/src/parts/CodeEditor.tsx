// An editor for YAML, JSON and Python, loaded when first shown; read-only where nothing is to be changed.
import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { EditorHandle, LineMark } from "./codemirror";

export type CodeLanguage = "yaml" | "json" | "python" | "text";

interface CodeEditorProps {
  label: string;
  value: string;
  language: CodeLanguage;
  /** Without it the text can only be read. */
  onChange?(value: string): void;
  height?: number | string;
  /** What is wrong on which lines; they are marked. */
  marks?: readonly LineMark[] | undefined;
}

export function CodeEditor({ label, value, language, onChange, height = 320, marks }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const scheme = useComputedColorScheme("light");
  const newest = useRef({ value, onChange, marks });
  newest.current = { value, onChange, marks };
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
      editor.current.setMarks(newest.current.marks ?? []);
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, [label, language, isReadOnly, scheme]);
  useEffect(() => editor.current?.setText(value), [value]);
  useEffect(() => {
    if (marks) editor.current?.setMarks(marks);
  }, [marks]);
  // Its type stands here as well: the editor measures its lines before its own style sheet is in force.
  return (
    <div ref={box} style={{ height, fontSize: 12, lineHeight: 1.6, border: "1px solid var(--b-line)", borderRadius: 8, overflow: "hidden", background: "var(--b-panel)" }}>
      <Skeleton height="100%" />
    </div>
  );
}
