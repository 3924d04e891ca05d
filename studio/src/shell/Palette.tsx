// Search and commands in one box (Ctrl K): pages, workspaces, and the jobs whose names fit.
import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useId, useState } from "react";
import { assetRows, environmentsQuery } from "@/api/assets";
import { keys } from "@/api/keys";
import { jobRows } from "@/api/queries";
import { endpointsQuery } from "@/api/serving";
import { useTexts } from "@/i18n/texts";
import { Icon, type IconName } from "@/parts/Icon";
import { ASSETS, HOME, MANAGE, SETTINGS } from "./places";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";

const MOST_THINGS = 8;

interface Choice {
  key: string;
  group: "goTo" | "found" | "commands";
  icon: IconName;
  title: string;
  note?: string;
  run(): void;
}

interface PaletteProps {
  ws: string | undefined;
  names: readonly string[];
  onClose(): void;
}

export default function Palette({ ws, names, onClose }: PaletteProps) {
  const t = useTexts(shellTexts);
  const id = useId();
  const [words, setWords] = useState("");
  const [active, setActive] = useState(0);
  const choices = useChoices(ws, names, words);
  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      setActive((active + by + choices.length) % Math.max(choices.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(choices[active]);
    }
  };
  return (
    <Modal opened onClose={onClose} withCloseButton={false} centered={false} yOffset="12vh" size="md" padding={0} aria-label={t("search")}>
      <div className={classes.palette}>
        <input
          role="combobox"
          aria-label={t("search")}
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={choices.length ? `${id}-${active}` : undefined}
          placeholder={t("search")}
          value={words}
          data-autofocus
          onChange={(event) => {
            setWords(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
        <ul id={id} role="listbox" aria-label={t("search")}>
          {choices.map((choice, index) => (
            <li
              key={choice.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              className={classes.choice}
              onPointerMove={() => setActive(index)}
              onClick={() => run(choice)}
            >
              <Icon name={choice.icon} />
              <span className="cut">{choice.title}</span>
              <small>{choice.note ?? t(choice.group)}</small>
            </li>
          ))}
        </ul>
        {choices.length ? null : (
          <p className="faint" style={{ padding: "4px 16px 16px" }}>
            {t("searchNone", { words })}
          </p>
        )}
      </div>
    </Modal>
  );
}

/** Return what fits the words: every word must occur in the title. */
export function fitting<T extends { title: string }>(choices: readonly T[], words: string): T[] {
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((one) => parts.every((part) => one.title.toLowerCase().includes(part)));
}

function useChoices(ws: string | undefined, names: readonly string[], words: string): Choice[] {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(words.trim(), 150);
  const jobs = useQuery({
    queryKey: [...keys.jobs(ws ?? ""), "palette", asked],
    queryFn: () => jobRows(ws ?? "", { search: asked, scope: "all", limit: 8 }),
    enabled: ws !== undefined && asked.length > 1,
  });
  const pages: Choice[] =
    ws === undefined
      ? []
      : [HOME, ...ASSETS, ...MANAGE, SETTINGS].map((place) => ({
          key: place.path,
          group: "goTo",
          icon: place.icon,
          title: t(place.title),
          run: () => void navigate({ to: `/workspaces/$ws/${place.path}`, params: { ws } }),
        }));
  const others: Choice[] = names
    .filter((name) => name !== ws)
    .map((name) => ({
      key: `workspace ${name}`,
      group: "commands",
      icon: "workspaces",
      title: t("switchTo", { name }),
      run: () => void navigate({ to: "/workspaces/$ws/home", params: { ws: name } }),
    }));
  const found: Choice[] = (asked.length > 1 ? (jobs.data?.items ?? []) : []).map((job) => ({
    key: `job ${job.name}`,
    group: "found",
    icon: "jobs",
    title: job.display_name || job.name,
    note: job.name,
    run: () => void navigate({ to: "/workspaces/$ws/jobs/$name", params: { ws: ws ?? "", name: job.name } }),
  }));
  return [...fitting([...pages, ...useCommands(ws), ...others], words), ...found, ...useThings(ws, asked)];
}

/** What can be made or done from anywhere. */
function useCommands(ws: string | undefined): Choice[] {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  if (ws === undefined) return [];
  const commands: [title: keyof (typeof shellTexts)["en"], icon: IconName, path: string, search: Record<string, string>][] = [
    ["createJob", "jobs", "jobs/create", {}],
    ["createAutoml", "jobs", "jobs/create/automl", {}],
    ["createData", "data", "data/create", {}],
    ["registerModel", "models", "models", { register: "1" }],
    ["deployModel", "endpoints", "endpoints", { deploy: "new" }],
    ["createEnvironment", "environments", "environments", { create: "1" }],
    ["createCompute", "compute", "compute", { create: "1" }],
  ];
  return commands.map(([title, icon, path, search]) => ({
    key: `command ${title}`,
    group: "commands",
    icon,
    title: t(title),
    run: () => void navigate({ to: `/workspaces/$ws/${path}`, params: { ws }, search } as never),
  }));
}

/** The models, endpoints and environments whose names fit. */
function useThings(ws: string | undefined, asked: string): Choice[] {
  const navigate = useNavigate();
  const isAsked = ws !== undefined && asked.length > 1;
  const models = useQuery({
    queryKey: [...keys.assets(ws ?? "", "model"), "palette", asked],
    queryFn: () => assetRows(ws ?? "", "model", { search: asked, limit: 5 }),
    enabled: isAsked,
  });
  const endpoints = useQuery({ ...endpointsQuery(ws ?? ""), enabled: isAsked });
  const environments = useQuery({ ...environmentsQuery(ws ?? ""), enabled: isAsked });
  if (!isAsked) return [];
  const go = (to: string, params: Record<string, string>) => void navigate({ to, params: { ws, ...params } } as never);
  const things = [
    ...(models.data?.items ?? []).map(({ name, latest_version: version }) => ({ icon: "models" as const, title: `${name}:${version}`, run: () => go("/workspaces/$ws/models/$name/$version", { name, version }) })),
    ...(endpoints.data ?? []).map(({ name }) => ({ icon: "endpoints" as const, title: name ?? "", run: () => go("/workspaces/$ws/endpoints/$name", { name: name ?? "" }) })),
    ...(environments.data ?? []).map(({ name, version }) => ({
      icon: "environments" as const,
      title: `${name}:${version}`,
      run: () => go("/workspaces/$ws/environments/$name/$version", { name: name ?? "", version: version ?? "" }),
    })),
  ];
  return fitting(things, asked)
    .slice(0, MOST_THINGS)
    .map((one) => ({ ...one, key: `${one.icon} ${one.title}`, group: "found" as const }));
}
