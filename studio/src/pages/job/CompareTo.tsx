// Finds the job to compare this one with.
import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { RelativeTime } from "@/parts/RelativeTime";
import { StatusBadge } from "@/parts/StatusBadge";
import { partTexts } from "@/parts/texts";
import classes from "./Job.module.css";
import { jobTexts } from "./texts";

export function CompareTo({ ws, name, onClose }: { ws: string; name: string; onClose(): void }) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const navigate = useNavigate();
  const [words, setWords] = useState("");
  const [search] = useDebouncedValue(words.trim(), 150);
  const asked = { search, scope: "all" as const, limit: 30 };
  const { data } = useQuery({ queryKey: [...keys.jobs(ws), "rows", asked], queryFn: () => jobRows(ws, asked), placeholderData: keepPreviousData });
  const others = data?.items.filter((one) => one.name !== name);
  return (
    <Modal opened onClose={onClose} title={t("compareTitle")} size="lg" closeButtonProps={{ "aria-label": parts("close") }}>
      <TextInput aria-label={t("findJob")} placeholder={t("findJob")} leftSection={<Icon name="search" size={14} />} value={words} onChange={(event) => setWords(event.currentTarget.value)} data-autofocus mb="xs" />
      <ul className={classes.found}>
        {others?.map((one) => (
          <li key={one.name}>
            <button type="button" onClick={() => void navigate({ to: "/workspaces/$ws/jobs/compare", params: { ws }, search: { names: `${name},${one.name}`, tab: "difference" } })}>
              <span className="cut">{one.display_name || one.name}</span>
              <span className="faint">{one.experiment_name}</span>
              <StatusBadge status={one.status} />
              <RelativeTime at={one.created_at} />
            </button>
          </li>
        ))}
      </ul>
      {others?.length === 0 ? <p className="faint">{parts("noneMatch")}</p> : null}
    </Modal>
  );
}
