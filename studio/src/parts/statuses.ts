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
    statushealthy: "Healthy",
    statusunhealthy: "No replica",
    statusupdating: "Updating",
    statusidle: "No traffic",
    statusready: "Ready",
    statusfailed: "Failed",
    statusbuilding: "Building",
    statusabsent: "Not built",
    statusunsupported: "Cannot be built",
    statusstarting: "Starting",
    statusleaving: "Leaving",
    statuscompute_idle: "Idle",
    statuscompute_busy: "In use",
    statuscompute_full: "Full",
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
    statushealthy: "Saudável",
    statusunhealthy: "Sem réplica",
    statusupdating: "Atualizando",
    statusidle: "Sem tráfego",
    statusready: "Pronto",
    statusfailed: "Falhou",
    statusbuilding: "Construindo",
    statusabsent: "Não construído",
    statusunsupported: "Não pode ser construído",
    statusstarting: "Iniciando",
    statusleaving: "Saindo",
    statuscompute_idle: "Ociosa",
    statuscompute_busy: "Em uso",
    statuscompute_full: "Cheia",
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
  // Of endpoints as a whole, of builds and of replicas.
  healthy: "good",
  unhealthy: "bad",
  updating: "busy",
  idle: "off",
  ready: "good",
  failed: "bad",
  building: "busy",
  absent: "off",
  unsupported: "bad",
  starting: "busy",
  leaving: "waiting",
  compute_idle: "off",
  compute_busy: "busy",
  compute_full: "waiting",
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
