// Texts of the list of datastores.
import { defineTexts } from "@/i18n/texts";

export const datastoresTexts = defineTexts({
  en: {
    title: "Datastores",
    emptyTitle: "No datastores yet",
    emptyText: "A datastore is a place where files lie: in this platform or in a folder that you name. Create the first one:",
    nameHead: "Name",
    typeHead: "Type",
    descriptionHead: "Description",
  },
  "pt-BR": {
    title: "Armazenamentos",
    emptyTitle: "Ainda não há armazenamentos",
    emptyText: "Um armazenamento é um lugar onde ficam arquivos: nesta plataforma ou em uma pasta indicada. Crie o primeiro:",
    nameHead: "Nome",
    typeHead: "Tipo",
    descriptionHead: "Descrição",
  },
});
