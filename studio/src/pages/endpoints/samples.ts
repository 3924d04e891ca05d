// How endpoints are made, deployed to and called in a terminal, in Python and as YAML.
import type { Sample } from "@/parts/CodeSamples";

const head = (ws: string, entities: string) => `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import ${entities}

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")`;

export function samplesOfEndpoints(ws: string): Sample[] {
  return [
    { form: "CLI", text: `bancada online-endpoint create --name heart --workspace-name ${ws}\nbancada online-deployment create -f deployment.yml --all-traffic --workspace-name ${ws}` },
    {
      form: "Python",
      text: `${head(ws, "ManagedOnlineDeployment, ManagedOnlineEndpoint")}
ml_client.online_endpoints.begin_create_or_update(
    ManagedOnlineEndpoint(name="heart", auth_mode="key")
).result()
ml_client.online_deployments.begin_create_or_update(
    ManagedOnlineDeployment(name="blue", endpoint_name="heart", model="azureml:heart@latest")
).result()`,
    },
    { form: "YAML", text: `# endpoint.yml\n$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\nname: heart\nauth_mode: key\n---\n# deployment.yml\nname: blue\nendpoint_name: heart\nmodel: azureml:heart@latest` },
  ];
}

export function samplesOfDeployment(ws: string, endpoint: string): Sample[] {
  return [
    { form: "CLI", text: `bancada online-deployment create --file deployment.yml --all-traffic --workspace-name ${ws}` },
    {
      form: "Python",
      text: `${head(ws, "ManagedOnlineDeployment")}
ml_client.online_deployments.begin_create_or_update(
    ManagedOnlineDeployment(name="blue", endpoint_name="${endpoint}", model="azureml:heart@latest")
).result()`,
    },
    { form: "YAML", text: `# deployment.yml\n$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: ${endpoint}\nmodel: azureml:heart@latest\ninstance_count: 1` },
  ];
}

export function samplesOfEndpoint(ws: string, name: string): Sample[] {
  return [
    {
      form: "CLI",
      text: `bancada online-endpoint show --name ${name} --workspace-name ${ws}
bancada online-deployment list --endpoint-name ${name} -o table --workspace-name ${ws}
bancada online-endpoint invoke --name ${name} --request-file request.json --workspace-name ${ws}`,
    },
    { form: "Python", text: `${head(ws, "ManagedOnlineDeployment")}\nendpoint = ml_client.online_endpoints.get("${name}")\nprint(endpoint.scoring_uri, endpoint.traffic)\nprint(ml_client.online_endpoints.invoke("${name}", request_file="request.json"))` },
    samplesOfDeployment(ws, name)[2]!,
  ];
}
