// The pieces of CodeMirror that the Studio uses, and its look. Only `Editor` imports this file.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { CodeLanguage } from "./CodeEditor";

export interface EditorHandle {
  /** Replace the text, unless it is the same already (it came from the editor itself). */
  setText(text: string): void;
  /** Mark the lines on which something is wrong; those without a line are nowhere. */
  setMarks(marks: readonly LineMark[]): void;
  destroy(): void;
}

export interface LineMark {
  message: string;
  /** Counted from 1. */
  line?: number;
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
        marked,
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
    setMarks: (marks) => view.dispatch({ effects: markLines.of(marks) }),
    destroy: () => view.destroy(),
  };
}

const markLines = StateEffect.define<readonly LineMark[]>();

/** Lines with something wrong: coloured, and the reason on hover. */
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(before, change) {
    const asked = change.effects.find((one) => one.is(markLines));
    if (!asked) return before.map(change.changes);
    const byLine = new Map<number, string[]>();
    for (const one of asked.value as readonly LineMark[]) {
      if (one.line === undefined || one.line < 1 || one.line > change.state.doc.lines) continue;
      byLine.set(one.line, [...(byLine.get(one.line) ?? []), one.message]);
    }
    const ranges = [...byLine].sort(([a], [b]) => a - b);
    return RangeSet.of(
      ranges.map(([line, words]) => Decoration.line({ class: "cm-marked", attributes: { title: words.join("\n") } }).range(change.state.doc.line(line).from)),
    );
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  ".cm-marked": { background: "color-mix(in srgb, var(--b-bad) 14%, transparent)", boxShadow: "inset 3px 0 0 var(--b-bad)" },
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
