// A small picture of an image in a request; of a kind that browsers do not draw (TIFF), its place.
import { useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

export function RequestImage({ address, number }: { address: string; number: number }) {
  const t = useTexts(endpointTexts);
  const [isShown, setShown] = useState(true);
  if (!isShown) {
    return (
      <span className={classes.thumb} role="img" aria-label={t("noPicture", { number })} title={t("noPicture", { number })}>
        <Icon name="image" size={20} />
      </span>
    );
  }
  return <img src={address} alt={t("requestImage", { number })} className={classes.thumb} onError={() => setShown(false)} />;
}
