// The facts of a data asset's version, its other versions, and how a job reads it.
import { SimpleGrid } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { CopyId } from "@/parts/CopyId";
import { KeyValues } from "@/parts/KeyValues";
import { RelativeTime } from "@/parts/RelativeTime";
import { samplesOfUsing } from "@/pages/data/samples";
import classes from "./Dataset.module.css";
import { Jobs } from "./Jobs";
import { datasetTexts } from "./texts";

type Data = Schemas["Data"];

export function Overview({ ws, data, versions }: { ws: string; data: Data; versions: readonly Data[] }) {
  const t = useTexts(datasetTexts);
  const { name, version } = { name: data.name ?? "", version: data.version ?? "" };
  const tags = Object.entries(data.tags ?? {});
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <div className={classes.column}>
        <section className="panel" aria-label={t("facts")}>
          <header>
            <h2>{t("facts")}</h2>
          </header>
          <KeyValues
            items={[
              [t("description"), data.description],
              [t("type"), data.type],
              [t("reference"), <CopyId key="reference" value={`azureml:${name}:${version}`} />],
              [t("path"), <CopyId key="path" value={data.path ?? ""} />],
              [t("created"), data.creation_context?.created_at ? <RelativeTime key="created" at={data.creation_context.created_at} /> : null],
              [t("by"), data.creation_context?.created_by],
              [
                t("tags"),
                tags.length ? (
                  <span key="tags" className={classes.tags}>
                    {tags.map(([key, value]) => (
                      <span key={key} className={classes.tag}>
                        <span className="faint">{key}</span> {value}
                      </span>
                    ))}
                  </span>
                ) : null,
              ],
            ]}
          />
        </section>
        <section className="panel" aria-label={t("versions")}>
          <header>
            <h2>{t("versions")}</h2>
          </header>
          <ul className={classes.versions}>
            {versions.map((one) => (
              <li key={one.version} data-current={one.version === version || undefined}>
                <Link to="/workspaces/$ws/data/$name/$version" params={{ ws, name, version: one.version ?? "" }} search={{}}>
                  {one.version}
                </Link>
                <span className="cut faint">{one.description ?? one.type}</span>
                <RelativeTime at={one.creation_context?.created_at} />
              </li>
            ))}
          </ul>
        </section>
        <Jobs ws={ws} name={name} version={version} />
      </div>
      <section className={classes.column} aria-label={t("use")}>
        <h2>{t("use")}</h2>
        <CodeSamples samples={samplesOfUsing(ws, name, version, data.type ?? "uri_folder")} />
      </section>
    </SimpleGrid>
  );
}
