// All versions of a model, those that are archived too.
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { RelativeTime } from "@/parts/RelativeTime";
import { Tags } from "@/parts/Tags";
import type { Model } from ".";
import { modelTexts } from "./texts";

export function Versions({ ws, name, current, versions }: { ws: string; name: string; current: string; versions: readonly Model[] }) {
  const t = useTexts(modelTexts);
  return (
    <Panel title={t("versions")}>
      <PlainTable
        label={t("versions")}
        rows={versions}
        rowKey={(one) => one.version ?? ""}
        columns={[
          {
            id: "version",
            title: t("version"),
            width: 130,
            render: (one) => (
              <>
                <Link to="/workspaces/$ws/models/$name/$version" params={{ ws, name, version: one.version ?? "" }}>
                  {one.version}
                </Link>
                {one.version === current ? <span className="faint">{` · ${t("shownNow")}`}</span> : null}
              </>
            ),
          },
          {
            id: "job",
            title: t("job"),
            render: (one) =>
              one.job_name ? (
                <Link to="/workspaces/$ws/jobs/$name" params={{ ws, name: one.job_name }}>
                  {one.job_name}
                </Link>
              ) : null,
          },
          { id: "stage", title: t("stage"), render: (one) => [one.stage, one.archived ? t("archivedWord") : ""].filter(Boolean).join(" · ") },
          { id: "description", title: t("description"), render: (one) => one.description },
          { id: "tags", title: t("tags"), render: (one) => <Tags tags={one.tags ?? {}} /> },
          { id: "created", title: t("created"), width: 150, render: (one) => <RelativeTime at={one.creation_context?.created_at} /> },
        ]}
      />
    </Panel>
  );
}
