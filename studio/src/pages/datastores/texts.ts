// Texts of the list of datastores.
import { defineTexts } from "@/i18n/texts";

export const datastoresTexts = defineTexts({
  en: {
    title: "Datastores",
    hint: "A datastore is a named place for files. Azure's kinds are kept in the home of this platform.",
    create: "Create datastore",
    make: "Create",
    emptyTitle: "No datastores yet",
    emptyText: "A datastore names a folder of this machine, so that jobs and data assets can refer to files in it.",
    nameHead: "Name",
    nameHint: "Letters, digits and underscores",
    typeHead: "Type",
    placeHead: "Place",
    descriptionHead: "Description",
    createdHead: "Created",
    pathLabel: "Folder of the server's machine",
    pathHint: "Read in place. Empty: a folder inside the workspace.",
  },
  "pt-BR": {
    title: "Armazenamentos",
    hint: "Um armazenamento é um lugar com nome para arquivos. Os tipos do Azure ficam na pasta desta plataforma.",
    create: "Criar armazenamento",
    make: "Criar",
    emptyTitle: "Ainda não há armazenamentos",
    emptyText: "Um armazenamento dá nome a uma pasta desta máquina, para que jobs e dados se refiram a arquivos dela.",
    nameHead: "Nome",
    nameHint: "Letras, algarismos e sublinhados",
    typeHead: "Tipo",
    placeHead: "Lugar",
    descriptionHead: "Descrição",
    createdHead: "Criado",
    pathLabel: "Pasta da máquina do servidor",
    pathHint: "Lida no lugar. Vazio: uma pasta dentro do espaço de trabalho.",
  },
});
