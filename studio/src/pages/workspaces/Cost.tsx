// What a workspace costs: its room on the disk, the time its jobs took, how many things are in it.
import { useQuery } from "@tanstack/react-query";
import { inWorkspace, json, type Schemas } from "@/api/client";
import { keys } from "@/api/keys";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { workspacesTexts } from "./texts";
import classes from "./Workspaces.module.css";

type Usage = Schemas["Usage"];

const THINGS = ["jobs", "models", "data", "endpoints", "environments"] as const;

/** The first answer may come before the disk has been measured: then one more waits for it. */
async function usageOf(ws: string): Promise<Usage> {
  return json<Usage>(`${inWorkspace(ws, "usage")}?wait_s=10`);
}

export function Cost({ ws }: { ws: string }) {
  const t = useTexts(workspacesTexts);
  const formats = useFormats();
  const { data: usage } = useQuery({ queryKey: keys.usage(ws), queryFn: () => usageOf(ws) });
  const counts = THINGS.filter((one) => usage?.[one]).map((one) => t(one, { count: usage?.[one] ?? 0 }).replaceAll(" ", "\u00a0"));
  return (
    <dl className={classes.cost}>
      <div>
        <dt>{t("disk")}</dt>
        <dd>{usage?.disk_bytes === undefined ? "–" : formats.bytes(usage.disk_bytes)}</dd>
      </div>
      <div>
        <dt>{t("compute")}</dt>
        <dd>{usage ? (usage.compute_seconds ? formats.duration(usage.compute_seconds) : "0 s") : "–"}</dd>
      </div>
      <div className={classes.things}>
        <dt>{t("holds")}</dt>
        <dd>{usage ? counts.join(", ") || t("nothing") : "–"}</dd>
      </div>
    </dl>
  );
}
