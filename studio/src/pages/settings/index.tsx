// How the page looks in this browser, how the server stands, and how to connect by other means.
import { Button, SegmentedControl, SimpleGrid, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { statusQuery, workspacesQuery } from "@/api/queries";
import { closeSession } from "@/api/session";
import { useFormats } from "@/i18n/formats";
import { LANGUAGES, type Language, setLanguage, useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { CopyId } from "@/parts/CopyId";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { Page } from "@/parts/Page";
import { useWorkspace } from "@/shell/workspace";
import { settingsTexts } from "./texts";

export default function SettingsPage() {
  const t = useTexts(settingsTexts);
  return (
    <Page title={t("title")}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Looks />
        <Server />
      </SimpleGrid>
      <Connect />
    </Page>
  );
}

function Looks() {
  const t = useTexts(settingsTexts);
  const language = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <section className="panel" aria-label={t("looks")}>
      <header>
        <h2>{t("looks")}</h2>
      </header>
      <KeyValues
        items={[
          [
            t("language"),
            <SegmentedControl
              key="language"
              aria-label={t("language")}
              value={language}
              onChange={(value) => setLanguage(value as Language)}
              data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
            />,
          ],
          [
            t("scheme"),
            <SegmentedControl
              key="scheme"
              aria-label={t("scheme")}
              value={colorScheme}
              onChange={(value) => setColorScheme(value as "light" | "dark" | "auto")}
              data={[
                { value: "light", label: t("light") },
                { value: "dark", label: t("dark") },
                { value: "auto", label: t("auto") },
              ]}
            />,
          ],
        ]}
      />
      <div style={{ padding: "8px 14px 14px" }}>
        <Button variant="default" leftSection={<Icon name="leave" size={14} />} onClick={() => void closeSession()}>
          {t("leave")}
        </Button>
      </div>
    </section>
  );
}

function Server() {
  const t = useTexts(settingsTexts);
  const formats = useFormats();
  const { data: status, error, refetch } = useQuery(statusQuery);
  return (
    <section className="panel" aria-label={t("server")}>
      <header>
        <h2>{t("server")}</h2>
      </header>
      {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      {status ? (
        <KeyValues
          items={[
            [t("version"), status.version],
            [t("address"), <CopyId key="address" value={location.origin} />],
            [t("gateway"), status.gateway_url ? <CopyId key="gateway" value={String(status.gateway_url)} /> : null],
            [t("cores"), t("coresOf", { used: status.ledger.in_use, total: status.ledger.cores })],
            [t("running"), formats.integer(status.jobs.running)],
            [t("queued"), formats.integer(status.jobs.queued)],
          ]}
        />
      ) : null}
    </section>
  );
}

function Connect() {
  const t = useTexts(settingsTexts);
  const ws = useWorkspace();
  const workspaces = useQuery(workspacesQuery);
  const tracking = workspaces.data?.find((one) => one.name === ws)?.mlflow_tracking_uri ?? `${location.origin}/mlflow/${ws}`;
  return (
    <section className="panel" aria-label={t("connect")}>
      <header>
        <h2>{t("connect")}</h2>
      </header>
      <div style={{ padding: 14, display: "grid", gap: 12 }}>
        <p className="faint">{t("connectText")}</p>
        <CodeSamples
          samples={[
            { form: "CLI", text: `bancada config set workspace=${ws}\nbancada job list -o table` },
            {
              form: "Python",
              text: `from bancada.identity import DefaultAzureCredential\nfrom bancada.ml import MLClient\n\nml_client = MLClient(DefaultAzureCredential(), "local", "local", "${ws}")`,
            },
            {
              form: "MLflow",
              text: `export MLFLOW_TRACKING_URI=${tracking}\nexport MLFLOW_TRACKING_TOKEN=$(cat <home>/token)`,
            },
          ]}
        />
      </div>
    </section>
  );
}
