// Texts of the list of data assets.
import { defineTexts } from "@/i18n/texts";

export const dataTexts = defineTexts({
  en: {
    title: "Data",
    emptyTitle: "No data yet",
    emptyText: "Data assets are files, folders and tables under a name and a version, so that every job can say exactly what it read. Create the first one:",
    nameHead: "Name",
    versionHead: "Version",
    typeHead: "Type",
    pathHead: "Path",
    createdHead: "Created",
  },
  "pt-BR": {
    title: "Dados",
    emptyTitle: "Ainda não há dados",
    emptyText: "Ativos de dados são arquivos, pastas e tabelas com nome e versão, para que cada trabalho diga exatamente o que leu. Crie o primeiro:",
    nameHead: "Nome",
    versionHead: "Versão",
    typeHead: "Tipo",
    pathHead: "Caminho",
    createdHead: "Criado",
  },
});
