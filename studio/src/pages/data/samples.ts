// How a data asset is made and used, in each way.
import type { Sample } from "@/parts/CodeSamples";

export interface NewData {
  name: string;
  version?: string;
  type: string;
  path: string;
  description?: string;
  tags?: Record<string, string>;
}

const CLIENT = (ws: string, names: string) => `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import ${names}

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
`;

const quoted = (text: string) => JSON.stringify(text);
/** As a word of a shell. */
const word = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

export function samplesOfCreating(ws: string, data: NewData): Sample[] {
  const tags = Object.entries(data.tags ?? {});
  return [
    {
      form: "CLI",
      text: [
        `bancada data create --name ${word(data.name)}`,
        ...(data.version ? [`--version ${word(data.version)}`] : []),
        `--type ${data.type}`,
        `--path ${word(data.path)}`,
        ...(data.description ? [`--description ${word(data.description)}`] : []),
        ...(tags.length ? [`--tags ${tags.map(([key, value]) => word(`${key}=${value}`)).join(" ")}`] : []),
        `--workspace-name ${word(ws)}`,
      ].join(" \\\n    "),
    },
    {
      form: "Python",
      text: `${CLIENT(ws, "Data")}ml_client.data.create_or_update(
    Data(
        name=${quoted(data.name)},
${data.version ? `        version=${quoted(data.version)},\n` : ""}        type=${quoted(data.type)},
        path=${quoted(data.path)},
${data.description ? `        description=${quoted(data.description)},\n` : ""}${tags.length ? `        tags=${JSON.stringify(data.tags)},\n` : ""}    )
)`,
    },
    {
      form: "YAML",
      text: [
        "$schema: https://azuremlschemas.azureedge.net/latest/data.schema.json",
        `name: ${quoted(data.name)}`,
        ...(data.version ? [`version: ${quoted(data.version)}`] : []),
        `type: ${data.type}`,
        `path: ${quoted(data.path)}`,
        ...(data.description ? [`description: ${quoted(data.description)}`] : []),
        ...(tags.length ? ["tags:", ...tags.map(([key, value]) => `  ${quoted(key)}: ${quoted(value)}`)] : []),
      ].join("\n"),
    },
  ];
}

/** How a job reads it. */
export function samplesOfUsing(ws: string, name: string, version: string, type: string): Sample[] {
  const reference = `azureml:${name}:${version}`;
  return [
    {
      form: "YAML",
      text: `# in a job
inputs:
  data:
    type: ${type}
    path: ${reference}
command: python train.py --data \${{inputs.data}}`,
    },
    {
      form: "Python",
      text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import Input, MLClient, command

ml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")
job = command(
    code="./src",
    command="python train.py --data \${{inputs.data}}",
    inputs={"data": Input(type="${type}", path="${reference}")},
    environment="azureml:sklearn-1.5@latest",
)
ml_client.jobs.create_or_update(job)`,
    },
    { form: "CLI", text: `bancada data show --name ${word(name)} --version ${word(version)} --workspace-name ${word(ws)}` },
  ];
}
