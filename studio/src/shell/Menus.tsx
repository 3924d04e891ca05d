// The menus of the header. Fetched when somebody goes for one of their buttons.
import { Menu, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { LANGUAGES, type Language, setLanguage, useLanguage } from "@/i18n/language";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { type OpenButton, useOpening } from "@/parts/OnDemand";
import { SCHEMES } from "./schemes";
import { shellTexts } from "./texts";

export function WorkspaceMenu({ ws, names, button }: { ws: string | undefined; names: readonly string[]; button: OpenButton }) {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  const { target, ...opening } = useOpening(button);
  return (
    <Menu position="bottom-start" width={240} {...opening}>
      <Menu.Target>{target}</Menu.Target>
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

export function LanguageMenu({ button }: { button: OpenButton }) {
  const language = useLanguage();
  const { target, ...opening } = useOpening(button);
  return (
    <Menu position="bottom-end" width={200} {...opening}>
      <Menu.Target>{target}</Menu.Target>
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

export function SchemeMenu({ button }: { button: OpenButton }) {
  const t = useTexts(shellTexts);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { target, ...opening } = useOpening(button);
  return (
    <Menu position="bottom-end" width={200} {...opening}>
      <Menu.Target>{target}</Menu.Target>
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
