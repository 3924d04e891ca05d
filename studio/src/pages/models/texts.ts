// Texts of the list of registered models.
import { defineTexts } from "@/i18n/texts";

export const modelsTexts = defineTexts({
  en: {
    title: "Models",
    emptyTitle: "No models yet",
    emptyText: "A registered model has versions, remembers the job that made it, and can be deployed. Register the first one from a job's output:",
    nameHead: "Name",
    versionHead: "Version",
    typeHead: "Type",
    descriptionHead: "Description",
    createdHead: "Created",
  },
  "pt-BR": {
    title: "Modelos",
    emptyTitle: "Ainda não há modelos",
    emptyText: "Um modelo registrado tem versões, lembra o trabalho que o fez e pode ser implantado. Registre o primeiro a partir da saída de um trabalho:",
    nameHead: "Nome",
    versionHead: "Versão",
    typeHead: "Tipo",
    descriptionHead: "Descrição",
    createdHead: "Criado",
  },
});
