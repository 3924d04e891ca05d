// The bar on top: where you are, what you look for, how the page looks, whether it is live.
import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useConnection } from "@/api/live";
import { LANGUAGES, type Language, useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import icon from "@/icon.svg";
import { fetchedDialog } from "@/parts/fetched";
import { Icon } from "@/parts/Icon";
import { OnDemand } from "@/parts/OnDemand";
import { SCHEMES } from "./schemes";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";

const Palette = fetchedDialog(() => import("./Palette").then((found) => found.default));

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
        <img src={icon} alt="" width={22} height={22} /> Bancada
      </Link>
      <WorkspaceButton ws={ws} names={names} />
      <div className={classes.middle}>
        <button type="button" className={classes.find} onClick={() => setFinding(true)}>
          <Icon name="search" size={15} />
          <span>{t("search")}</span>
          <kbd aria-hidden="true">Ctrl K</kbd>
        </button>
      </div>
      <div className={classes.tools}>
        <ConnectionState />
        <LanguageButton />
        <SchemeButton />
      </div>
      {isFinding ? <Palette ws={ws} names={names} onClose={() => setFinding(false)} /> : null}
    </header>
  );
}

function WorkspaceButton({ ws, names }: { ws: string | undefined; names: readonly string[] }) {
  const t = useTexts(shellTexts);
  return (
    <OnDemand
      kind="menu"
      load={() => import("./Menus").then((found) => found.WorkspaceMenu)}
      given={{ ws, names }}
      button={
        <Button variant="default" size="compact-sm" aria-label={`${t("workspace")}: ${ws ?? "–"}`} rightSection={<Icon name="down" size={13} />} leftSection={<Icon name="workspaces" size={14} />}>
          <span className="cut" style={{ maxWidth: 160 }}>
            {ws ?? "–"}
          </span>
        </Button>
      }
    />
  );
}

function ConnectionState() {
  const t = useTexts(shellTexts);
  const connection = useConnection();
  return (
    <span className={classes.connection} data-state={connection} role="status" aria-label={t(connection)} title={connection === "away" ? t("awayHint") : t(connection)}>
      {connection === "live" ? "" : t(connection)}
    </span>
  );
}

const CODES: Record<Language, string> = { en: "EN", "pt-BR": "PT" };

function LanguageButton() {
  const t = useTexts(shellTexts);
  const language = useLanguage();
  return (
    <OnDemand
      kind="menu"
      load={() => import("./Menus").then((found) => found.LanguageMenu)}
      given={{}}
      button={
        <Button variant="subtle" color="gray" size="compact-sm" leftSection={<Icon name="language" size={15} />} aria-label={`${CODES[language]} – ${t("language")}: ${LANGUAGES[language]}`}>
          {CODES[language]}
        </Button>
      }
    />
  );
}

function SchemeButton() {
  const t = useTexts(shellTexts);
  const { colorScheme } = useMantineColorScheme();
  return (
    <OnDemand
      kind="menu"
      load={() => import("./Menus").then((found) => found.SchemeMenu)}
      given={{}}
      button={
        <ActionIcon aria-label={`${t("scheme")}: ${t(colorScheme)}`} color="gray">
          <Icon name={SCHEMES[colorScheme]} />
        </ActionIcon>
      }
    />
  );
}
