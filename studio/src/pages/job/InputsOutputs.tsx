// What went into a job and what came out, with the way to each.
import { Link } from "@tanstack/react-router";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Job.module.css";
import { type JobFacts, placeOf } from "./job";
import { jobTexts } from "./texts";

interface Port {
  key: string;
  type: string;
  path?: string | undefined;
  literal?: string | undefined;
}

function portsOf(found: Record<string, unknown> | null | undefined): Port[] {
  return Object.entries(found ?? {}).map(([key, value]) => {
    if (typeof value !== "object" || value === null) return { key, type: typeof value === "string" ? "" : typeof value, literal: String(value) };
    const { type, path, mode } = value as { type?: string; path?: string; mode?: string };
    return { key, type: [type, mode].filter(Boolean).join(", "), path };
  });
}

export function InputsOutputs({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const inputs = portsOf(job.inputs as Record<string, unknown>);
  const outputs = portsOf(job.outputs as Record<string, unknown>);
  if (!inputs.length && !outputs.length) return null;
  return (
    <section className="panel" aria-label={t("inputsOutputs")}>
      <header>
        <h2>{t("inputsOutputs")}</h2>
      </header>
      <ul className={classes.ports}>
        {inputs.map((one) => (
          <li key={`in-${one.key}`}>
            <span className={classes.direction} title={t("input")}>
              <Icon name="right" size={13} />
            </span>
            <span className="cut">{one.key}</span>
            <span className="faint">{one.literal === undefined ? one.type : ""}</span>
            {one.path ? <Place ws={ws} path={one.path} type={one.type} /> : <span className="mono">{one.literal}</span>}
          </li>
        ))}
        {outputs.map((one) => (
          <li key={`out-${one.key}`}>
            <span className={classes.direction} data-out title={t("output")}>
              <Icon name="left" size={13} />
            </span>
            <span className="cut">{one.key}</span>
            <span className="faint">{one.type}</span>
            {one.path ? (
              <Place ws={ws} path={one.path} type={one.type} />
            ) : (
              <Link to="/workspaces/$ws/jobs/$name/$tab" params={{ ws, name, tab: "logs" }} search={{ folder: `${NAMED}/${one.key}` }}>
                {t("files")}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The folder under which the tree of a job's files shows its named outputs. */
export const NAMED = "named-outputs";

function Place({ ws, path, type }: { ws: string; path: string; type: string }) {
  const to = placeOf(ws, path, type.split(",")[0]);
  const shown = path.replace(/^azureml:(?!\/\/)/, "");
  return to ? (
    <Link to={to} className="mono" title={path}>
      {shown}
    </Link>
  ) : (
    <span className="mono" title={path}>
      {shown}
    </span>
  );
}
