// How models are listed, registered and fetched in a terminal and in Python.
import type { Sample } from "@/parts/CodeSamples";

const head = (ws: string) => `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Model

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")`;

const SOURCE = "azureml://jobs/JOB/outputs/artifacts/paths/model";

export function samplesOfModels(ws: string): Sample[] {
  return [
    { form: "CLI", text: `bancada model create --name heart --type mlflow_model --path ${SOURCE} --workspace-name ${ws}\nbancada model list -o table --workspace-name ${ws}` },
    { form: "Python", text: `${head(ws)}\nml_client.models.create_or_update(\n    Model(name="heart", type="mlflow_model", path="${SOURCE}")\n)` },
    { form: "YAML", text: `# bancada model create -f model.yml\n$schema: https://azuremlschemas.azureedge.net/latest/model.schema.json\nname: heart\ntype: mlflow_model\npath: ${SOURCE}` },
  ];
}

/** For one version: show it, fetch it, deploy it. */
export function samplesOfModel(ws: string, name: string, version: string): Sample[] {
  return [
    {
      form: "CLI",
      text: `bancada model show --name ${name} --version ${version} --workspace-name ${ws}\nbancada model download --name ${name} --version ${version} --download-path . --workspace-name ${ws}`,
    },
    { form: "Python", text: `${head(ws)}\nmodel = ml_client.models.get("${name}", version="${version}")\nml_client.models.download("${name}", version="${version}", download_path=".")` },
    {
      form: "YAML",
      text: `# deployment.yml: bancada online-deployment create -f deployment.yml --all-traffic --workspace-name ${ws}\n$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: my-endpoint\nmodel: azureml:${name}:${version}\ninstance_count: 1`,
    },
  ];
}
