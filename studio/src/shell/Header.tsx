// The bar on top: where you are, what you look for, how the page looks, whether it is live.
import { ActionIcon, Button, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useConnection } from "@/api/live";
import { LANGUAGES, type Language, setLanguage, useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import { Icon, type IconName } from "@/parts/Icon";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";

const Palette = lazy(() => import("./Palette"));

interface HeaderProps {
  ws: string | undefined;
  names: readonly string[];
  onMenu(): void;
}

export function Header({ ws, names, onMenu }: HeaderProps) {
  const t = useTexts(shellTexts);
  const [isFinding, setFinding] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      setFinding(true);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <header className={classes.header}>
      <ActionIcon className={classes.burger} aria-label={t("menu")} onClick={onMenu}>
        <Icon name="menu" size={18} />
      </ActionIcon>
      <Link to="/" className={classes.brand}>
        <img src="/icon.svg" alt="" width={22} height={22} /> Bancada
      </Link>
      <WorkspaceMenu ws={ws} names={names} />
      <div className={classes.middle}>
        <button type="button" className={classes.find} onClick={() => setFinding(true)}>
          <Icon name="search" size={15} />
          <span>{t("search")}</span>
          <kbd aria-hidden="true">Ctrl K</kbd>
        </button>
      </div>
      <div className={classes.tools}>
        <ConnectionState />
        <LanguageMenu />
        <SchemeMenu />
      </div>
      {isFinding ? (
        <Suspense>
          <Palette ws={ws} names={names} onClose={() => setFinding(false)} />
        </Suspense>
      ) : null}
    </header>
  );
}

function WorkspaceMenu({ ws, names }: { ws: string | undefined; names: readonly string[] }) {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <Button variant="default" size="compact-sm" aria-label={`${t("workspace")}: ${ws ?? "–"}`} rightSection={<Icon name="down" size={13} />} leftSection={<Icon name="workspaces" size={14} />}>
          <span className="cut" style={{ maxWidth: 160 }}>
            {ws ?? "–"}
          </span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflow: "auto" }}>
        <Menu.Label>{t("workspace")}</Menu.Label>
        {names.map((name) => (
          <Menu.Item
            key={name}
            rightSection={name === ws ? <Icon name="check" size={14} /> : null}
            onClick={() => void navigate({ to: "/workspaces/$ws/home", params: { ws: name } })}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate({ to: "/workspaces" })}>{t("allWorkspaces")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function ConnectionState() {
  const t = useTexts(shellTexts);
  const connection = useConnection();
  return (
    <Tooltip label={connection === "away" ? t("awayHint") : t(connection)} multiline maw={300}>
      <span className={classes.connection} data-state={connection} role="status" aria-label={t(connection)}>
        {connection === "live" ? "" : t(connection)}
      </span>
    </Tooltip>
  );
}

const CODES: Record<Language, string> = { en: "EN", "pt-BR": "PT" };

function LanguageMenu() {
  const t = useTexts(shellTexts);
  const language = useLanguage();
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<Icon name="language" size={15} />} aria-label={`${CODES[language]} – ${t("language")}: ${LANGUAGES[language]}`}>
          {CODES[language]}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.entries(LANGUAGES) as [Language, string][]).map(([key, title]) => (
          <Menu.Item key={key} lang={key} onClick={() => setLanguage(key)} rightSection={key === language ? <Icon name="check" size={14} /> : null}>
            {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const SCHEMES = { light: "sun", dark: "moon", auto: "screen" } as const satisfies Record<string, IconName>;

function SchemeMenu() {
  const t = useTexts(shellTexts);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon aria-label={`${t("scheme")}: ${t(colorScheme)}`} color="gray">
          <Icon name={SCHEMES[colorScheme]} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(SCHEMES) as (keyof typeof SCHEMES)[]).map((key) => (
          <Menu.Item key={key} leftSection={<Icon name={SCHEMES[key]} />} onClick={() => setColorScheme(key)} rightSection={key === colorScheme ? <Icon name="check" size={14} /> : null}>
            {t(key)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
