// What a job left and printed: its files with a preview, the log followed while it grows.
import { useQueries, useQuery } from "@tanstack/react-query";
import { inWorkspace, json, PREFIX } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileTree, type ListedFile } from "@/parts/FileTree";
import { LogView } from "@/parts/LogView";
import { useUrlState } from "@/parts/urlState";
import { NAMED } from "./InputsOutputs";
import { environmentQuery, fileAddress, filesQuery, type JobFacts, STD_LOG } from "./job";
import { jobTexts } from "./texts";

export function Outputs({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const [search] = useUrlState();
  const { data: files, error } = useQuery(filesQuery(ws, name));
  const buildLog = useQuery({ ...environmentQuery(ws, name), enabled: String(job.type) !== "base" }).data?.log_path;
  const named = useNamedOutputs({ ws, name, job });
  if (error) return <ErrorNote error={error} />;
  if (!files) return null;
  const listed = new Map<string, ListedFile>([...files, ...named].map((one) => [one.path, one]));
  // A job that waits has printed nothing yet: its log is there to be followed all the same.
  if (String(job.type) !== "base" && String(job.type) !== "sweep" && !listed.has(STD_LOG)) listed.set(STD_LOG, { path: STD_LOG, size: Number.NaN });
  if (buildLog && !listed.has(buildLog)) listed.set(buildLog, { path: buildLog, size: Number.NaN });
  const all = [...listed.values()];
  const first = search.folder ? all.find((one) => one.path.startsWith(`${search.folder}/`))?.path : listed.has(STD_LOG) ? STD_LOG : undefined;
  return (
    <FileTree
      label={t("files")}
      files={all}
      first={first}
      contentOf={(path) => addressOf(ws, name, path, listed.get(path)?.digest)}
      show={(file) => (isLog(file.path) ? <LogView key={file.path} path={inWorkspace(ws, "jobs", name, "logs")} words={{ path: file.path }} download={PREFIX + fileAddress(ws, name, file.path)} /> : null)}
    />
  );
}

const isLog = (path: string): boolean => /^(user_logs|azureml-logs|system_logs|logs)\/.*\.(txt|log)$/.test(path);

/** The files of the outputs that the job's definition names, in a folder of their own. */
function useNamedOutputs({ ws, name, job }: JobFacts): ListedFile[] {
  const answers = useQueries({
    queries: Object.keys(job.outputs ?? {}).map((output) => ({
      queryKey: [...keys.job(ws, name), "output", output],
      queryFn: async () =>
        (await json<{ items: ListedFile[] }>(inWorkspace(ws, "jobs", name, "outputs", output, "files"))).items.map((one) => ({ ...one, path: `${NAMED}/${output}/${one.path}` })),
    })),
  });
  return answers.flatMap((one) => one.data ?? []);
}

function addressOf(ws: string, name: string, path: string, digest: string | undefined): string {
  const [folder, output = "", ...rest] = path.split("/");
  return folder === NAMED ? inWorkspace(ws, "jobs", name, "outputs", output, "files", ...rest) : fileAddress(ws, name, path, digest);
}
