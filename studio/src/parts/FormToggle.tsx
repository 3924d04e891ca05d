// A chart's button for the same facts as a table, and back.
import { ActionIcon } from "@mantine/core";
import { useTexts } from "@/i18n/texts";
import { Icon } from "./Icon";
import { partTexts } from "./texts";

export type ChartForm = "chart" | "table";

export function FormToggle({ form, onForm }: { form: ChartForm; onForm(form: ChartForm): void }) {
  const t = useTexts(partTexts);
  const label = t(form === "chart" ? "asTable" : "asChart");
  return (
    <ActionIcon title={label} aria-label={label} onClick={() => onForm(form === "chart" ? "table" : "chart")}>
      <Icon name={form === "chart" ? "columns" : "chart"} />
    </ActionIcon>
  );
}
