// CodeMirror at work in a box of its own. Only `CodeEditor` imports this file, lazily.
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { CodeEditorProps } from "./CodeEditor";
import { type EditorHandle, makeEditor } from "./codemirror";

export function Editor({ label, value, language, onChange, marks }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorHandle | null>(null);
  const scheme = useComputedColorScheme("light");
  const newest = useRef({ value, onChange, marks });
  newest.current = { value, onChange, marks };
  const isReadOnly = onChange === undefined;
  useEffect(() => {
    if (!box.current) return undefined;
    const made = makeEditor(box.current, {
      label,
      language,
      isReadOnly,
      isDark: scheme === "dark",
      text: newest.current.value,
      onChange: (text) => newest.current.onChange?.(text),
    });
    made.setMarks(newest.current.marks ?? []);
    editor.current = made;
    return () => {
      made.destroy();
      editor.current = null;
    };
  }, [label, language, isReadOnly, scheme]);
  useEffect(() => editor.current?.setText(value), [value]);
  useEffect(() => {
    if (marks) editor.current?.setMarks(marks);
  }, [marks]);
  return <div ref={box} style={{ height: "100%" }} />;
}
