// Texts of the list of computes.
import { defineTexts } from "@/i18n/texts";

export const computeTexts = defineTexts({
  en: {
    title: "Compute",
    emptyTitle: "No compute yet",
    emptyText: "A cluster says how many jobs may run side by side on this machine. Without one, jobs run on the machine itself. Create the first one:",
    nameHead: "Name",
    typeHead: "Type",
    sizeHead: "Size",
    instancesHead: "Instances",
  },
  "pt-BR": {
    title: "Computação",
    emptyTitle: "Ainda não há computação",
    emptyText: "Um cluster diz quantos trabalhos podem ser executados lado a lado nesta máquina. Sem ele, os trabalhos usam a própria máquina. Crie o primeiro:",
    nameHead: "Nome",
    typeHead: "Tipo",
    sizeHead: "Tamanho",
    instancesHead: "Instâncias",
  },
});
