// The same first steps in a terminal and in Python.
import type { Sample } from "@/parts/CodeSamples";

export function samplesOfFirstRun(ws: string): Sample[] {
  return [
    {
      form: "CLI",
      text: `bancada config set workspace=${ws}
bancada data create --name heart --path heart.csv --type uri_file
bancada environment create --name my-env --conda-file conda.yaml
bancada job create -f job.yml --stream
bancada model create --name heart --type mlflow_model \\
  --path azureml://jobs/JOB/outputs/artifacts/paths/model
bancada online-endpoint create -f endpoint.yml
bancada online-deployment create -f deployment.yml --all-traffic`,
    },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient, command
from bancada.ml.entities import Data

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
ml_client.data.create_or_update(Data(name="heart", path="heart.csv", type="uri_file"))
job = ml_client.jobs.create_or_update(
    command(
        code="./src",
        command="python train.py",
        environment="azureml:my-env@latest",
    )
)
print(job.studio_url)`,
    },
    { form: "YAML", text: `# job.yml\ntype: command\ncode: ./src\ncommand: python train.py --data \${{inputs.data}}\ninputs:\n  data: {type: uri_file, path: azureml:heart@latest}\nenvironment: azureml:my-env@latest\nexperiment_name: first-steps` },
    { form: "make", text: "# trains, sweeps, registers, deploys and tests a model\nmake demo" },
  ];
}
