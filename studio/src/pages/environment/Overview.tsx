// What an environment says it is, and what its build made of it.
import { Alert, SimpleGrid } from "@mantine/core";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { CodeEditor } from "@/parts/CodeEditor";
import { CopyButton, CopyId } from "@/parts/CopyId";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Panel } from "@/parts/Panel";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { Tags } from "@/parts/Tags";
import type { Environment } from ".";
import type { Build } from "./build";
import { environmentTexts } from "./texts";

const LINE = 19;

export function Overview({ environment, conda, build }: { environment: Environment; conda: string | null; build: Build | undefined }) {
  const t = useTexts(environmentTexts);
  const words = useServerWords();
  const formats = useFormats();
  return (
    <>
      {build?.error ? (
        <Alert color="red" variant="light" icon={<Icon name="warning" />} title={t("buildFailed")} role="alert">
          <p style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{words.say(build.error.message)}</p>
        </Alert>
      ) : null}
      {build?.warnings.map((one) => (
        <Alert key={one} color="yellow" variant="light" icon={<Icon name="warning" />}>
          {one}
        </Alert>
      ))}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" style={{ alignItems: "start" }}>
        <div style={{ display: "grid", gap: 14 }}>
          <Panel title={t("buildTitle")}>
            <KeyValues
              items={[
                [t("state"), build ? <StatusBadge key="state" status={build.state} /> : null],
                [t("python"), build?.python],
                [t("packages"), build?.packages.length ? formats.integer(build.packages.length) : null],
                [t("size"), build?.size_bytes === undefined ? null : formats.bytes(build.size_bytes)],
                [t("took"), build?.seconds === undefined ? null : formats.duration(build.seconds)],
                [t("usedBy"), build ? formats.integer(build.used_by_jobs) : null],
                [t("built"), build?.started_at ? <RelativeTime key="built" at={build.started_at} /> : null],
              ]}
            />
            {build?.state === "absent" ? <p className="faint" style={{ padding: "0 14px 12px" }}>{t("absentHint")}</p> : null}
          </Panel>
          <Panel title={t("facts")}>
            <KeyValues
              items={[
                [t("reference"), <CopyId key="reference" value={`azureml:${environment.name}:${environment.version}`} />],
                [t("description"), environment.description],
                [t("tags"), Object.keys(environment.tags ?? {}).length ? <Tags key="tags" tags={environment.tags ?? {}} /> : null],
                [t("image"), environment.image ? <CopyId key="image" value={environment.image} /> : null],
                [t("created"), <RelativeTime key="created" at={environment.creation_context?.created_at} />],
              ]}
            />
          </Panel>
        </div>
        {conda ? (
          <Panel title={t("conda")} more={<CopyButton value={conda} />} isPadded>
            <CodeEditor label={t("conda")} language="yaml" value={conda} height={Math.min(Math.max(conda.split("\n").length * LINE + 24, 120), 420)} />
          </Panel>
        ) : null}
      </SimpleGrid>
    </>
  );
}
