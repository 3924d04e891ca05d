// The list of pages on the left.
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import { ASSETS, HOME, MANAGE, type Place, SETTINGS } from "./places";
import classes from "./Shell.module.css";
import { shellTexts } from "./texts";

export function Navigation({ ws, isOpen }: { ws: string | undefined; isOpen: boolean }) {
  const t = useTexts(shellTexts);
  const link = (place: Place) =>
    ws === undefined ? null : (
      <li key={place.path}>
        <Link to={`/workspaces/$ws/${place.path}`} params={{ ws }} className={classes.place} activeOptions={{ includeSearch: false }}>
          <Icon name={place.icon} size={17} />
          {t(place.title)}
        </Link>
      </li>
    );
  return (
    <nav className={classes.nav} aria-label={t("navigation")} data-open={isOpen || undefined}>
      <ul>{link(HOME)}</ul>
      <h2>{t("assets")}</h2>
      <ul>{ASSETS.map(link)}</ul>
      <h2>{t("manage")}</h2>
      <ul>
        {MANAGE.map(link)}
        <li>
          <Link to="/workspaces" className={classes.place} activeOptions={{ exact: true, includeSearch: false }}>
            <Icon name="workspaces" size={17} />
            {t("navWorkspaces")}
          </Link>
        </li>
        {link(SETTINGS)}
      </ul>
    </nav>
  );
}
