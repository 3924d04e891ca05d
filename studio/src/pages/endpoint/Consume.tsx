// How a program calls the endpoint: its address and a request in three languages, with a place for the key.
import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Deployment, Endpoint } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { CopyId } from "@/parts/CopyId";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { useUrlState } from "@/parts/urlState";
import { sampleQuery } from "./sample";
import { plainBody } from "./testBody";
import { endpointTexts } from "./texts";

const LONGEST = 1500; // characters of a body in a sample; an image in base64 would be all that is seen

export function Consume({ ws, endpoint, deployments }: { ws: string; endpoint: Endpoint; deployments: readonly Deployment[] }) {
  const t = useTexts(endpointTexts);
  const [search, change] = useUrlState();
  const name = endpoint.name ?? "";
  const deployment = deployments.some((one) => one.name === search.deployment) ? (search.deployment ?? "") : "";
  const served = Object.entries(endpoint.traffic ?? {}).find(([, share]) => share > 0)?.[0];
  const asked = deployment || served || deployments[0]?.name || "";
  const { data: sample } = useQuery(sampleQuery(ws, name, asked));
  const body = sample && sample.length < LONGEST ? sample : plainBody(Boolean(deployments.find((one) => one.name === asked)?.code_configuration));
  return (
    <div style={{ display: "grid", gap: 14 }}>
      <Panel title={t("address")}>
        <KeyValues
          items={[
            [t("scoringUri"), <CopyId key="uri" value={endpoint.scoring_uri ?? ""} />],
            [t("swaggerUri"), endpoint.openapi_uri ? <CopyId key="swagger" value={endpoint.openapi_uri} /> : null],
            [t("auth"), <code key="auth">Authorization: Bearer &lt;key&gt;</code>],
            [
              t("deployment"),
              <Select
                key="deployment"
                aria-label={t("deployment")}
                w={230}
                allowDeselect={false}
                data={[{ value: "", label: t("byTraffic") }, ...deployments.map((one) => ({ value: one.name ?? "", label: one.name ?? "" }))]}
                value={deployment}
                onChange={(to) => change({ deployment: to || undefined })}
              />,
            ],
          ]}
        />
      </Panel>
      <p className="faint">{t("consumeHint")}</p>
      <CodeSamples samples={callsOf(ws, name, endpoint.scoring_uri ?? "", deployment, body)} />
    </div>
  );
}

/** Return a request in each language; the key stands for itself. */
export function callsOf(ws: string, name: string, uri: string, deployment: string, body: string) {
  const shell = body.replaceAll("'", "'\\''");
  const header = deployment ? ` \\\n  -H "azureml-model-deployment: ${deployment}"` : "";
  const line = (text: string) => (deployment ? text : "");
  return [
    { form: "curl", text: `export KEY=<key>\ncurl "${uri}" \\\n  -H "Authorization: Bearer $KEY" \\\n  -H "Content-Type: application/json"${header} \\\n  -d '${shell}'` },
    {
      form: "Python",
      text: `import json
import os
import urllib.request

body = json.loads(r'''${body.replaceAll("'''", "\\'\\'\\'")}''')
request = urllib.request.Request(
    "${uri}",
    data=json.dumps(body).encode(),
    headers={
        "Content-Type": "application/json",
        "Authorization": f"Bearer {os.environ['KEY']}",
${line(`        "azureml-model-deployment": "${deployment}",\n`)}    },
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))`,
    },
    {
      form: "JavaScript",
      text: `const answer = await fetch("${uri}", {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    Authorization: \`Bearer \${process.env.KEY}\`,
${line(`    "azureml-model-deployment": "${deployment}",\n`)}  },
  body: JSON.stringify(${body}),
});
console.log(answer.status, await answer.json());`,
    },
    { form: "CLI", text: `bancada online-endpoint invoke --name ${name}${deployment ? ` --deployment-name ${deployment}` : ""} --request-file request.json --workspace-name ${ws}` },
  ];
}
