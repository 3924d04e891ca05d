// The metrics beside charts: searched, chosen.
import { Checkbox, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";

const MOST = 500;

export function MetricChoice({ keys, chosen, onChoose }: { keys: readonly string[]; chosen: readonly string[]; onChoose(next: string[]): void }) {
  const t = useTexts(jobTexts);
  const [words, setWords] = useState("");
  const fits = keys.filter((one) => one.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <section className={`panel ${classes.side}`} aria-label={t("metrics")}>
      <div style={{ padding: "8px 8px 4px" }}>
        <TextInput aria-label={t("findMetric")} placeholder={t("findMetric")} leftSection={<Icon name="search" size={14} />} value={words} onChange={(event) => setWords(event.currentTarget.value)} />
      </div>
      <ul className={classes.list} aria-label={t("metrics")}>
        {fits.slice(0, MOST).map((key) => (
          <li key={key}>
            <Checkbox label={<span title={key}>{key}</span>} checked={chosen.includes(key)} onChange={(event) => onChoose(event.currentTarget.checked ? [...chosen, key] : chosen.filter((one) => one !== key))} />
          </li>
        ))}
      </ul>
    </section>
  );
}
