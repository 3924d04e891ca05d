// What the metrics of AutoML are called in each language; in English as the key says, in Portuguese as in the wizard.
import { useMemo } from "react";
import { type Language, useLanguage } from "@/i18n/language";

const PORTUGUESE: Record<string, string> = {
  accuracy: "Acurácia",
  AUC: "AUC",
  average_precision_score: "Precisão média",
  balanced_accuracy: "Acurácia balanceada",
  explained_variance: "Variância explicada",
  f1_score: "F1",
  log_loss: "Perda logarítmica",
  matthews_correlation: "Correlação de Matthews",
  mean_absolute_error: "Erro absoluto médio",
  mean_absolute_percentage_error: "Erro percentual absoluto médio",
  median_absolute_error: "Erro absoluto mediano",
  norm_macro_recall: "Recall macro normalizado",
  precision_score: "Precisão",
  r2_score: "Pontuação R2",
  recall_score: "Recall",
  root_mean_squared_error: "Raiz do erro quadrático médio",
  root_mean_squared_log_error: "Raiz do erro logarítmico quadrático médio",
  spearman_correlation: "Correlação de Spearman",
  weighted_accuracy: "Acurácia ponderada",
};
/** The ending agrees with the word before it: `Erro normalizado`, `Raiz normalizada`. */
const isFeminine = (name: string) => /^(Raiz|Precisão|Acurácia|AUC)/.test(name);
const AVERAGES: Record<string, (name: string) => string> = {
  binary: (name) => `${name}, binária`,
  macro: (name) => `${name}, macro`,
  micro: (name) => `${name}, micro`,
  weighted: (name) => (isFeminine(name) ? `${name} ponderada` : `${name} ponderado`),
};

function inPortuguese(key: string): string | undefined {
  const known = PORTUGUESE[key];
  if (known) return known;
  const normalized = /^normalized_(.+)$/.exec(key)?.[1];
  if (normalized && PORTUGUESE[normalized]) return `${PORTUGUESE[normalized]} ${isFeminine(PORTUGUESE[normalized]) ? "normalizada" : "normalizado"}`;
  const [, base = "", average = ""] = /^(.+)_(binary|macro|micro|weighted)$/.exec(key) ?? [];
  return PORTUGUESE[base] && AVERAGES[average]?.(PORTUGUESE[base]);
}

/** Return a metric's word as a person reads it: `normalized_root_mean_squared_error` → `Normalized root mean squared error`. */
export function metricTitle(key: string, language: Language): string {
  const known = language === "pt-BR" ? inPortuguese(key) : undefined;
  if (known) return known;
  const words = key.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function useMetricTitle(): (key: string) => string {
  const language = useLanguage();
  return useMemo(() => (key: string) => metricTitle(key, language), [language]);
}
