// Words and tones of every status that the platform knows: of jobs, resources, replicas and builds.
import { defineTexts } from "@/i18n/texts";

export type Tone = "good" | "bad" | "busy" | "waiting" | "off";

export const statusTexts = defineTexts({
  en: {
    statusNotStarted: "Not started",
    statusQueued: "Queued",
    statusPreparing: "Preparing",
    statusStarting: "Starting",
    statusRunning: "Running",
    statusFinalizing: "Finalizing",
    statusCancelRequested: "Canceling",
    statusCompleted: "Completed",
    statusFailed: "Failed",
    statusCanceled: "Canceled",
    statusSucceeded: "Ready",
    statusCreating: "Creating",
    statusUpdating: "Updating",
    statusDeleting: "Deleting",
  },
  "pt-BR": {
    statusNotStarted: "Não iniciado",
    statusQueued: "Na fila",
    statusPreparing: "Preparando",
    statusStarting: "Iniciando",
    statusRunning: "Em execução",
    statusFinalizing: "Finalizando",
    statusCancelRequested: "Cancelando",
    statusCompleted: "Concluído",
    statusFailed: "Falhou",
    statusCanceled: "Cancelado",
    statusSucceeded: "Pronto",
    statusCreating: "Criando",
    statusUpdating: "Atualizando",
    statusDeleting: "Excluindo",
  },
});

type StatusKey = keyof (typeof statusTexts)["en"];

const TONES: Record<string, Tone> = {
  NotStarted: "off",
  Queued: "waiting",
  Preparing: "busy",
  Starting: "busy",
  Running: "busy",
  Finalizing: "busy",
  CancelRequested: "waiting",
  Completed: "good",
  Failed: "bad",
  Canceled: "off",
  Succeeded: "good",
  Creating: "busy",
  Updating: "busy",
  Deleting: "waiting",
};

/** Statuses after which nothing changes by itself. */
const FINAL = new Set(["Completed", "Failed", "Canceled", "Succeeded"]);

export const isFinal = (status: string): boolean => FINAL.has(status);

/** Return how a status is shown; one that is not known is shown as it is. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? "off";
}

export function statusKey(status: string): StatusKey | null {
  const key = `status${status}`;
  return key in statusTexts.en ? (key as StatusKey) : null;
}
