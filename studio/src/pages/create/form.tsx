// What the sections of the form share: the draft, the problem of a field, and fields bound to a path of the document.
import "@mantine/core/styles/NumberInput.css";
import { ActionIcon, NumberInput, Textarea, TextInput, Tooltip } from "@mantine/core";
import { createContext, type ReactNode, useContext } from "react";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { Icon, type IconName } from "@/parts/Icon";
import classes from "./Create.module.css";
import { type Doc, mapOf, MISSING, type Path, problemsAt, valueAt } from "./document";
import { createTexts } from "./texts";
import type { Draft } from "./useDraft";

interface FormState {
  ws: string;
  draft: Draft;
  /** Fields that were changed; the others stay without a mark until somebody tries to submit. */
  touched: ReadonlySet<string>;
  isTried: boolean;
}

export const FormContext = createContext<FormState | null>(null);

export function useForm() {
  const state = useContext(FormContext);
  if (!state) throw new Error("A field of the form stands outside of it.");
  const t = useTexts(createTexts);
  const words = useServerWords();
  const { draft, touched, isTried } = state;
  return {
    ...state,
    document: draft.document,
    at: (path: Path) => valueAt(draft.document, path),
    mapAt: (path: Path): Doc => mapOf(valueAt(draft.document, path)),
    set: draft.set,
    /** What is wrong with a field, once it has been touched or submitted; with `isBelow` also inside of it. */
    errorAt(path: Path, isBelow = false): string | undefined {
      const key = path.join(".");
      // A field that was just filled is missing until the server has answered; it must not say so.
      const found = problemsAt(draft.problems, path, isBelow).filter((one) => one.message !== MISSING || isEmpty(valueAt(draft.document, one.path.split("."))));
      const isShown = isTried || touched.has(key) || (isBelow && [...touched].some((one) => one.startsWith(`${key}.`)));
      if (!isShown || !found.length) return undefined;
      return [...new Set(found.map((one) => (one.message === MISSING ? t("needed") : words.say(one.message))))].join(" ");
    },
  };
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === "";

export function Section({ title, text, actions, children }: { title: string; text?: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {actions}
      </header>
      <div className={classes.body}>
        {text ? <p className="faint">{text}</p> : null}
        {children}
      </div>
    </section>
  );
}

interface FieldProps {
  path: Path;
  label: string;
  description?: string;
  placeholder?: string;
}

export function TextAt({ path, isMono, rows, ...props }: FieldProps & { isMono?: boolean; rows?: number }) {
  const { at, set, errorAt } = useForm();
  const shared = {
    ...props,
    value: String(at(path) ?? ""),
    error: errorAt(path),
    onChange: (event: { currentTarget: { value: string } }) => set(path, event.currentTarget.value),
    ...(isMono ? { styles: { input: { fontFamily: "var(--mantine-font-family-monospace)" } } } : {}),
  };
  return rows ? <Textarea {...shared} autosize minRows={rows} maxRows={12} /> : <TextInput {...shared} />;
}

export function NumberAt({ path, min, suffix, ...props }: FieldProps & { min?: number; suffix?: string }) {
  const { at, set, errorAt } = useForm();
  const value = at(path);
  return (
    <NumberInput
      {...props}
      size="xs"
      hideControls
      {...(min === undefined ? {} : { min })}
      {...(suffix ? { suffix } : {})}
      value={typeof value === "number" ? value : ""}
      error={errorAt(path)}
      onChange={(next) => set(path, next === "" ? undefined : Number(next))}
    />
  );
}

export function IconButton({ icon, label, onClick }: { icon: IconName; label: string; onClick(): void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        <Icon name={icon} size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
