// Texts of the list of online endpoints.
import { defineTexts } from "@/i18n/texts";

export const endpointsTexts = defineTexts({
  en: {
    title: "Endpoints",
    emptyTitle: "No endpoints yet",
    emptyText: "An endpoint is the address under which a model answers requests; its deployments share the traffic. Create the first one:",
    nameHead: "Name",
    stateHead: "State",
    trafficHead: "Traffic",
    addressHead: "Address",
  },
  "pt-BR": {
    title: "Pontos de extremidade",
    emptyTitle: "Ainda não há pontos de extremidade",
    emptyText: "Um ponto de extremidade é o endereço em que um modelo responde; suas implantações dividem o tráfego. Crie o primeiro:",
    nameHead: "Nome",
    stateHead: "Estado",
    trafficHead: "Tráfego",
    addressHead: "Endereço",
  },
});
