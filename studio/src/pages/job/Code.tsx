// The code of a job as it was uploaded, to be read.
import { useQuery } from "@tanstack/react-query";
import { client, data, inWorkspace } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileTree } from "@/parts/FileTree";
import { type JobFacts, partsOf } from "./job";
import { jobTexts } from "./texts";

export function Code({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const { data: found, error } = useQuery({
    queryKey: [...keys.job(ws, name), "code"],
    queryFn: () => data(client.GET("/api/v1/workspaces/{ws}/jobs/{name}/code", { params: { path: { ws, name } } })),
    staleTime: Number.POSITIVE_INFINITY, // what was uploaded never changes
  });
  if (error) return <ErrorNote error={error} />;
  if (!found) return null;
  if (!found.items.length) return <EmptyState icon="file" title={t("noCodeTitle")} text={t("noCodeText")} />;
  return <FileTree label={t("codeFiles")} files={found.items} word="source" first={mainFile(found.items, partsOf(job).command)} contentOf={(path) => inWorkspace(ws, "jobs", name, "code", ...path.split("/"))} />;
}

/** Return the file that the command runs, else the first script. */
export function mainFile(files: readonly { path: string }[], command = ""): string | undefined {
  const words = new Set(command.split(/\s+/).map((one) => one.replace(/^\.\//, "")));
  return (files.find((one) => words.has(one.path)) ?? files.find((one) => one.path.endsWith(".py")) ?? files[0])?.path;
}
