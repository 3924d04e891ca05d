// A job as texts that submit it again: YAML, command line, Python.
import { useQuery } from "@tanstack/react-query";
import { client, data } from "@/api/client";
import { keys } from "@/api/keys";
import { CodeSamples } from "@/parts/CodeSamples";
import { ErrorNote } from "@/parts/ErrorNote";

export function Definition({ ws, name }: { ws: string; name: string }) {
  const { data: found, error } = useQuery({
    queryKey: [...keys.job(ws, name), "specification"],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/specification", { params: { path: { ws, name } } })),
  });
  if (error) return <ErrorNote error={error} />;
  if (!found) return null;
  return (
    <CodeSamples
      isTall
      samples={[
        { form: "YAML", text: found.yaml },
        { form: "CLI", text: found.cli },
        { form: "SDK", text: found.sdk },
      ]}
    />
  );
}
