// The packages that are installed in an environment, found by a part of their name.
import { useTexts } from "@/i18n/texts";
import { EmptyState } from "@/parts/EmptyState";
import { Panel } from "@/parts/Panel";
import { PlainTable } from "@/parts/PlainTable";
import { SearchBox } from "@/parts/SearchBox";
import { useUrlState } from "@/parts/urlState";
import type { Build } from "./build";
import { environmentTexts } from "./texts";

export function Packages({ build }: { build: Build | undefined }) {
  const t = useTexts(environmentTexts);
  const [search] = useUrlState();
  if (!build?.packages.length) return <EmptyState icon="environments" title={t("noPackages")} text={t("absentHint")} />;
  const words = (search.package ?? "").toLowerCase();
  const rows = build.packages.filter((one) => one.name.toLowerCase().includes(words));
  return (
    <Panel title={t("packagesOf", { count: rows.length })} more={<SearchBox label={t("searchPackages")} word="package" width={230} />}>
      <PlainTable
        label={t("packages")}
        rows={rows}
        rowKey={(one) => one.name}
        columns={[
          { id: "name", title: t("name"), render: (one) => <code>{one.name}</code> },
          { id: "version", title: t("version"), width: "40%", render: (one) => <code>{one.version}</code> },
        ]}
      />
    </Panel>
  );
}
