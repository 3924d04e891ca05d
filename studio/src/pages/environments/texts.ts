// Texts of the list of environments.
import { defineTexts } from "@/i18n/texts";

export const environmentsTexts = defineTexts({
  en: {
    title: "Environments",
    emptyTitle: "No environments yet",
    emptyText: "An environment says which Python and packages a job runs with. It is built once and used by every job that names it. Create the first one:",
    nameHead: "Name",
    versionHead: "Version",
    descriptionHead: "Description",
    createdHead: "Created",
  },
  "pt-BR": {
    title: "Ambientes",
    emptyTitle: "Ainda não há ambientes",
    emptyText: "Um ambiente diz com que Python e pacotes um trabalho é executado. É construído uma vez e usado por todo trabalho que o nomeia. Crie o primeiro:",
    nameHead: "Nome",
    versionHead: "Versão",
    descriptionHead: "Descrição",
    createdHead: "Criado",
  },
});
