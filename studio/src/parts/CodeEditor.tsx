// An editor for YAML, JSON and Python, loaded when first shown; read-only where nothing is to be changed.
import { Skeleton } from "@mantine/core";
import type { LineMark } from "./codemirror";
import { fetchedPart } from "./fetched";

export type CodeLanguage = "yaml" | "json" | "python" | "text";

export interface CodeEditorProps {
  label: string;
  value: string;
  language: CodeLanguage;
  /** Without it the text can only be read. */
  onChange?(value: string): void;
  height?: number | string;
  /** What is wrong on which lines; they are marked. */
  marks?: readonly LineMark[] | undefined;
}

const Editor = fetchedPart(
  () => import("./Editor").then((found) => found.Editor),
  <Skeleton height="100%" />,
);

export function CodeEditor({ height = 320, ...given }: CodeEditorProps) {
  // Its type stands here as well: the editor measures its lines before its own style sheet is in force.
  return (
    <div style={{ height, fontSize: 12, lineHeight: 1.6, border: "1px solid var(--b-line)", borderRadius: 8, overflow: "hidden", background: "var(--b-panel)" }}>
      <Editor {...given} />
    </div>
  );
}
