// What the steps of the wizard share: its choices, what is wrong with a field, and fields bound to a choice.
import { TextInput } from "@mantine/core";
import { createContext, useContext, useEffect, useState } from "react";
import { useLanguage } from "@/i18n/language";
import { parseNumber, writtenNumber } from "@/i18n/numbers";
import { useTexts } from "@/i18n/texts";
import type { useCheck } from "./checks/useCheck";
import { automlTexts } from "./texts";
import type { Problem, Step, Typed, Wizard } from "./wizard";

interface WizardState {
  ws: string;
  w: Wizard;
  change(changes: Partial<Wizard> | ((before: Wizard) => Wizard)): void;
  problems: readonly Problem[];
  /** Steps that somebody has tried to leave; the fields of the others stay without a mark. */
  tried: ReadonlySet<Step>;
  check: ReturnType<typeof useCheck>;
}

export const WizardContext = createContext<WizardState | null>(null);

export function useWizard() {
  const state = useContext(WizardContext);
  if (!state) throw new Error("A step of the wizard stands outside of it.");
  const t = useTexts(automlTexts);
  const language = useLanguage();
  return {
    ...state,
    /** What is wrong with a field, once its step was tried; a number that is none says so at once. */
    errorOf(field: keyof Wizard): string | undefined {
      const found = state.problems.find((one) => one.field === field);
      if (!found || (!state.tried.has(found.step) && found.fault === "needed")) return undefined;
      return t(found.fault, { example: writtenNumber(field === "exitScore" ? 0.085 : 15, language) });
    },
  };
}

type NumberField = { [K in keyof Wizard]: Wizard[K] extends Typed ? (Typed extends Wizard[K] ? K : never) : never }[keyof Wizard];

interface NumberAtProps {
  field: NumberField;
  label: string;
  description?: string;
  placeholder?: string;
}

/** A number as the language writes it; what is typed stays as it is until the field is left. */
export function NumberAt({ field, label, description, placeholder }: NumberAtProps) {
  const { w, change, errorOf } = useWizard();
  const language = useLanguage();
  const value = w[field];
  const shown = typeof value === "number" && !Number.isNaN(value) ? writtenNumber(value, language) : "";
  const [text, setText] = useState(shown);
  const [isTyping, setTyping] = useState(false);
  useEffect(() => {
    if (!isTyping && (shown !== "" || value === "")) setText(shown);
  }, [shown, value, isTyping]);
  return (
    <TextInput
      label={label}
      description={description}
      placeholder={placeholder}
      inputMode="decimal"
      value={text}
      error={errorOf(field)}
      onFocus={() => setTyping(true)}
      onBlur={() => setTyping(false)}
      onChange={(event) => {
        setText(event.currentTarget.value);
        change({ [field]: parseNumber(event.currentTarget.value, language) ?? "" });
      }}
    />
  );
}
