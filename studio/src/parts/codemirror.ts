// The pieces of CodeMirror that the Studio uses, and its look. Only `CodeEditor` imports this file, lazily.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { CodeLanguage } from "./CodeEditor";

export interface EditorHandle {
  /** Replace the text, unless it is the same already (it came from the editor itself). */
  setText(text: string): void;
  destroy(): void;
}

interface EditorOptions {
  label: string;
  language: CodeLanguage;
  isReadOnly: boolean;
  isDark: boolean;
  text: string;
  onChange(text: string): void;
}

const LANGUAGES: Record<CodeLanguage, () => Extension> = { yaml: () => yaml(), json: () => json(), python: () => python(), text: () => [] };

export function makeEditor(parent: HTMLElement, options: EditorOptions): EditorHandle {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        foldGutter(),
        history(),
        indentOnInput(),
        bracketMatching(),
        highlightSelectionMatches(),
        options.isReadOnly ? EditorState.readOnly.of(true) : [highlightActiveLine(), keymap.of([indentWithTab])],
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0" }),
        LANGUAGES[options.language](),
        syntaxHighlighting(options.isDark ? dark : light),
        look,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(text) {
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    destroy: () => view.destroy(),
  };
}

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12px", color: "var(--b-text)" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6" },
  ".cm-gutters": { background: "var(--b-ground)", color: "var(--b-faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "color-mix(in srgb, var(--b-accent) 8%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--b-text)" },
  "&.cm-focused": { outline: "2px solid var(--b-accent)", outlineOffset: "-2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "color-mix(in srgb, var(--b-accent) 25%, transparent)" },
});

function colours(key: string, text: string, number: string, comment: string): HighlightStyle {
  return HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.keyword], color: key },
    { tag: [tags.string, tags.special(tags.string)], color: text },
    { tag: [tags.number, tags.bool, tags.null], color: number },
    { tag: tags.comment, color: comment, fontStyle: "italic" },
  ]);
}

const light = colours("#0b6e75", "#8a4b12", "#5a3fb0", "#5a6570");
const dark = colours("#6cc5ca", "#e6b17e", "#b7a5f2", "#98a2ad");
