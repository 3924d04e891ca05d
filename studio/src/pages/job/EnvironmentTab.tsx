// What a job ran in: interpreter, packages, size, and how its build went.
import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWorkspace, PREFIX } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { useServerWords } from "@/parts/serverWords";
import { CodeSamples } from "@/parts/CodeSamples";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { KeyValues } from "@/parts/KeyValues";
import { LogView } from "@/parts/LogView";
import { StatusBadge } from "@/parts/StatusBadge";
import { useUrlState } from "@/parts/urlState";
import { environmentQuery, fileAddress, type JobFacts } from "./job";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";
import { yamlOf } from "./yamlOf";

const STATES = { absent: "stateAbsent", building: "stateBuilding", ready: "stateReady", failed: "stateFailed" } as const;
const BADGES = { absent: "NotStarted", building: "Preparing", ready: "Succeeded", failed: "Failed" };

export function EnvironmentTab({ ws, name }: JobFacts) {
  const t = useTexts(jobTexts);
  const words = useServerWords();
  const formats = useFormats();
  const [search, change] = useUrlState();
  const { data: found, error } = useQuery(environmentQuery(ws, name));
  if (error) return <ErrorNote error={error} />;
  if (!found) return null;
  const isLogOpen = search.build === "log" || found.state === "building" || found.state === "failed";
  return (
    <div className={classes.column} style={{ alignContent: "start" }}>
      <div className={classes.columns}>
        <div className={classes.column}>
          <section className="panel" aria-label={t("environment")}>
            <header>
              <h2>{t("environment")}</h2>
            </header>
            <KeyValues
              items={[
                [t("reference"), found.reference ? <code key="reference">{found.reference.replace(/^azureml:/, "")}</code> : null],
                [t("state"), <span key="state" title={t(STATES[found.state])}><StatusBadge status={BADGES[found.state]} /></span>],
                [t("python"), found.python],
                [t("packages"), found.packages.length ? formats.integer(found.packages.length) : null],
                [t("size"), found.size_bytes === undefined ? null : formats.bytes(found.size_bytes)],
                [t("buildSeconds"), found.build_seconds === undefined ? null : formats.duration(found.build_seconds)],
              ]}
            />
            {found.error ? <p className={classes.note} style={{ whiteSpace: "pre-wrap" }}>{words.say(String(found.error.message ?? ""))}</p> : null}
            {found.warnings?.map((one) => <p key={one} className={classes.note}>{one}</p>)}
            <div style={{ padding: "4px 14px 12px" }}>
              {found.log_path ? (
                <Button variant="default" leftSection={<Icon name="terminal" size={14} />} aria-expanded={isLogOpen} onClick={() => change({ build: isLogOpen ? undefined : "log" })}>
                  {t("buildLog")}
                </Button>
              ) : (
                <p className="faint">{found.state === "ready" ? t("noBuildLog") : ""}</p>
              )}
            </div>
          </section>
          {Object.keys(found.definition).length ? <CodeSamples samples={[{ form: t("envDefinition"), text: yamlOf(found.definition) }]} /> : null}
        </div>
        {found.packages.length ? <Packages packages={found.packages} /> : null}
      </div>
      {isLogOpen && found.log_path ? (
        <div style={{ height: 420, display: "flex" }}>
          <LogView path={inWorkspace(ws, "jobs", name, "logs")} words={{ path: found.log_path }} download={PREFIX + fileAddress(ws, name, found.log_path)} />
        </div>
      ) : null}
    </div>
  );
}

function Packages({ packages }: { packages: readonly { name: string; version: string }[] }) {
  const t = useTexts(jobTexts);
  const [words, setWords] = useState("");
  const fits = packages.filter((one) => one.name.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <section className={`panel ${classes.facts}`} aria-label={t("packages")} tabIndex={0} style={{ maxHeight: 560 }}>
      <header>
        <h2>{t("packages")}</h2>
        <TextInput aria-label={t("findPackage")} placeholder={t("findPackage")} leftSection={<Icon name="search" size={14} />} value={words} onChange={(event) => setWords(event.currentTarget.value)} />
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("package")}</th>
            <th scope="col">{t("version")}</th>
          </tr>
        </thead>
        <tbody>
          {fits.map((one) => (
            <tr key={one.name}>
              <td>{one.name}</td>
              <td className="mono">{one.version}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
