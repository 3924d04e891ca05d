// The log of an environment's build, live while it runs.
import { inWorkspace, PREFIX } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { type LogProtocol, LogView } from "@/parts/LogView";
import type { Build } from "./build";
import { environmentTexts } from "./texts";

const BUILD_LOG: LogProtocol = {
  from: { word: "offset", start: "0" },
  nextHeader: "X-Next-Offset",
  stateHeader: "X-Build-State",
  isOver: (state) => state !== "building",
};

export function BuildLog({ ws, name, version, build }: { ws: string; name: string; version: string; build: Build | undefined }) {
  const t = useTexts(environmentTexts);
  if (!build) return null;
  if (!build.has_log && build.state !== "building") return <EmptyState icon="terminal" title={t("noLog")} text={t(build.state === "ready" ? "noLogHere" : "absentHint")} />;
  const path = inWorkspace(ws, "environments", name, "versions", version, "build", "log");
  // A new build begins a new log.
  return <LogView key={build.started_at ?? build.key ?? ""} path={path} protocol={BUILD_LOG} download={PREFIX + path} />;
}
