// Texts of the home page.
import { defineTexts } from "@/i18n/texts";

export const homeTexts = defineTexts({
  en: {
    title: "Home",
    running: "Running",
    queued: "Waiting",
    cores: "Cores in use",
    coresOf: "{used} of {total}",
    recent: "Recent jobs",
    endpoints: "Endpoints",
    models: "Models",
    all: "Show all",
    emptyTitle: "Welcome to your bench",
    emptyText: "Submit a job and watch it here, live. Or run the walk-through, which trains, sweeps, registers and deploys a model:",
    noEndpoints: "No endpoint answers requests yet.",
    noModels: "No model is registered yet.",
    versionOf: "Version {version}",
  },
  "pt-BR": {
    title: "Início",
    running: "Em execução",
    queued: "Na fila",
    cores: "Núcleos em uso",
    coresOf: "{used} de {total}",
    recent: "Trabalhos recentes",
    endpoints: "Pontos de extremidade",
    models: "Modelos",
    all: "Mostrar todos",
    emptyTitle: "Boas-vindas à sua bancada",
    emptyText: "Envie um trabalho e acompanhe aqui, ao vivo. Ou execute o roteiro, que treina, otimiza, registra e implanta um modelo:",
    noEndpoints: "Nenhum ponto de extremidade responde ainda.",
    noModels: "Nenhum modelo foi registrado ainda.",
    versionOf: "Versão {version}",
  },
});
