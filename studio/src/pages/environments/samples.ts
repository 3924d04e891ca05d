// How environments are made in a terminal, in Python and as YAML.
import type { Sample } from "@/parts/CodeSamples";

export function samplesOfEnvironments(ws: string, name = "my-env"): Sample[] {
  return [
    { form: "CLI", text: `bancada environment create --name ${name} --conda-file conda.yaml --image ubuntu --workspace-name ${ws}\nbancada environment show --name ${name} --label latest --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Environment

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.environments.create_or_update(
    Environment(name="${name}", conda_file="conda.yaml", image="ubuntu")
)`,
    },
    { form: "YAML", text: `# bancada environment create -f environment.yml\n$schema: https://azuremlschemas.azureedge.net/latest/environment.schema.json\nname: ${name}\nimage: ubuntu\nconda_file: conda.yaml` },
  ];
}
