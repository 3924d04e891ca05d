// The files of a model version.
import { useQuery } from "@tanstack/react-query";
import { inWorkspace, json } from "@/api/client";
import { keys } from "@/api/keys";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileTree, type ListedFile } from "@/parts/FileTree";
import { modelTexts } from "./texts";

export function ModelFiles({ ws, name, version }: { ws: string; name: string; version: string }) {
  const t = useTexts(modelTexts);
  const files = inWorkspace(ws, "models", name, "versions", version, "files");
  const found = useQuery({
    queryKey: [...keys.assets(ws, "model"), name, version, "files"],
    queryFn: async () => (await json<{ items: ListedFile[] }>(files)).items,
  });
  if (found.error) return <ErrorNote error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return null;
  return <FileTree label={t("files")} files={found.data} contentOf={(path) => `${files}/${path.split("/").map(encodeURIComponent).join("/")}`} />;
}
