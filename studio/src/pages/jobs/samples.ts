// How a first job is submitted, in each way.
import type { Sample } from "@/parts/CodeSamples";

export function samplesOfFirstJob(ws: string): Sample[] {
  return [
    { form: "CLI", text: `bancada job create -f job.yml --stream --workspace-name ${ws}` },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient, command

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
job = command(
    code="./src",
    command="python train.py",
    environment="azureml:my-env@latest",
)
job = ml_client.jobs.create_or_update(job)
print(job.studio_url)`,
    },
    {
      form: "YAML",
      text: `$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
type: command
code: ./src
command: python train.py
environment: azureml:my-env@latest
experiment_name: first-steps`,
    },
  ];
}
