// Who gets which share of the requests, and to whom some of them are sent a second time.
import "@mantine/core/styles/NumberInput.css";
import "@mantine/core/styles/Slider.css";
import { Button, NumberInput, Select, Slider } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { keys } from "@/api/keys";
import { type Deployment, type Endpoint, putTraffic } from "@/api/serving";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CodeSamples } from "@/parts/CodeSamples";
import { ErrorNote } from "@/parts/ErrorNote";
import { Panel } from "@/parts/Panel";
import { StatusBadge } from "@/parts/StatusBadge";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";
import { isSame, MOST_MIRRORED, mirrorable, none, rebalanced, type Shares, totalOf } from "./traffic";

interface TrafficProps {
  ws: string;
  endpoint: Endpoint;
  deployments: readonly Deployment[];
}

export function Traffic({ ws, endpoint, deployments }: TrafficProps) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  const queries = useQueryClient();
  const saved = sharesOf(deployments, endpoint.traffic);
  const savedMirror = sharesOf(deployments, endpoint.mirror_traffic);
  const [shares, setShares] = useState<Shares>(saved);
  const [mirror, setMirror] = useState<{ name: string; share: number }>(mirrorOf(savedMirror));
  const [error, setError] = useState<unknown>(null);
  const known = JSON.stringify([saved, savedMirror]);
  // What is changed elsewhere is taken over; what is changed here stays until then.
  useEffect(() => {
    setShares(saved);
    setMirror(mirrorOf(savedMirror));
  }, [known]);
  const total = totalOf(shares);
  const mirrorShares: Shares = mirror.name && mirror.share && !shares[mirror.name] ? { [mirror.name]: mirror.share } : {};
  const isChanged = !isSame(shares, saved) || !isSame(mirrorShares, savedMirror);
  const isSound = total === 0 || total === 100;
  const save = async () => {
    setError(null);
    try {
      await putTraffic(ws, endpoint.name ?? "", shares, mirrorShares);
      await queries.invalidateQueries({ queryKey: keys.endpoint(ws, endpoint.name ?? "") });
      notifications.show({ message: t("trafficSaved") });
    } catch (reason) {
      setError(reason);
    }
  };
  if (!deployments.length) return <p className="faint">{t("noDeploymentsText")}</p>;
  return (
    <div style={{ display: "grid", gap: 14 }}>
      <Panel title={t("live")} more={<span className="faint">{t("total", { total: formats.percent(total / 100) })}</span>}>
        <div className={classes.sliders}>
          {deployments.map(({ name, provisioning_state }) => (
            <Share key={name} name={name ?? ""} state={provisioning_state ?? ""} value={shares[name ?? ""] ?? 0} onChange={(value) => setShares(rebalanced(shares, name ?? "", value))} />
          ))}
        </div>
        <div className={classes.foot}>
          <span className="faint">{total === 0 ? t("noTrafficHint") : t("trafficHint")}</span>
          <Button variant="default" onClick={() => setShares(none(shares))} disabled={total === 0}>
            {t("noTraffic")}
          </Button>
        </div>
      </Panel>
      <Panel title={t("mirror")} isPadded>
        <p className="faint">{t("mirrorHint")}</p>
        <div className={classes.slider}>
          <Select aria-label={t("mirrorTo")} placeholder={t("mirrorTo")} clearable clearButtonProps={{ "aria-label": t("noMirror") }} data={mirrorable(shares)} value={shares[mirror.name] ? null : mirror.name || null} onChange={(name) => setMirror({ name: name ?? "", share: mirror.share || 10 })} />
          <Slider thumbLabel={t("mirror")} label={null} min={0} max={MOST_MIRRORED} value={mirror.share} onChange={(share) => setMirror({ ...mirror, share })} disabled={!mirror.name} />
          <NumberInput size="xs" aria-label={t("mirror")} suffix=" %" min={0} max={MOST_MIRRORED} value={mirror.share} onChange={(share) => setMirror({ ...mirror, share: Number(share) || 0 })} disabled={!mirror.name} />
          <span />
        </div>
      </Panel>
      {error ? <ErrorNote error={error} /> : null}
      <div style={{ display: "flex", gap: 8, justifyContent: "flex-end" }}>
        <Button
          variant="default"
          disabled={!isChanged}
          onClick={() => {
            setShares(saved);
            setMirror(mirrorOf(savedMirror));
          }}
        >
          {t("undo")}
        </Button>
        <Button disabled={!isChanged || !isSound} onClick={() => void save()}>
          {t("saveTraffic")}
        </Button>
      </div>
      <CodeSamples samples={samples(ws, endpoint.name ?? "", shares, mirrorShares)} />
    </div>
  );
}

function Share({ name, state, value, onChange }: { name: string; state: string; value: number; onChange(value: number): void }) {
  return (
    <div className={classes.slider}>
      <strong className="cut">{name}</strong>
      <Slider thumbLabel={name} label={null} value={value} onChange={onChange} />
      <NumberInput size="xs" aria-label={name} suffix=" %" min={0} max={100} value={value} onChange={(next) => onChange(Number(next) || 0)} />
      <StatusBadge status={state} />
    </div>
  );
}

const sharesOf = (deployments: readonly Deployment[], rule: Shares | undefined): Shares => Object.fromEntries(deployments.map((one) => [one.name ?? "", rule?.[one.name ?? ""] ?? 0]));

function mirrorOf(rule: Shares): { name: string; share: number } {
  const [name, share] = Object.entries(rule).find(([, one]) => one > 0) ?? ["", 0];
  return { name, share };
}

function samples(ws: string, name: string, shares: Shares, mirror: Shares) {
  const words = Object.entries(shares).map(([one, share]) => `${one}=${share}`).join(" ");
  const mirrored = Object.entries(mirror).map(([one, share]) => `${one}=${share}`).join(" ");
  const python = (rule: Shares) => `{${Object.entries(rule).map(([one, share]) => `"${one}": ${share}`).join(", ")}}`;
  return [
    { form: "CLI", text: `bancada online-endpoint update --name ${name} --traffic "${words}"${mirrored ? ` --mirror-traffic "${mirrored}"` : ""} --workspace-name ${ws}` },
    {
      form: "Python",
      text: `endpoint = ml_client.online_endpoints.get("${name}")\nendpoint.traffic = ${python(shares)}\n${mirrored ? `endpoint.mirror_traffic = ${python(mirror)}\n` : ""}ml_client.online_endpoints.begin_create_or_update(endpoint).result()`,
    },
  ];
}
