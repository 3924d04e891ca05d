// Class probabilities of an answer as bars, beside the image that each is about.
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import classes from "./Endpoint.module.css";
import type { Judged } from "./probabilities";
import { RequestImage } from "./RequestImage";
import { endpointTexts } from "./texts";

const MOST_ROWS = 12;
const MOST_CLASSES = 5;

export function Probabilities({ rows, images }: { rows: readonly Judged[]; images: readonly string[] }) {
  const t = useTexts(endpointTexts);
  const formats = useFormats();
  return (
    <>
      <ol className={classes.judged} aria-label={t("probabilities")}>
        {rows.slice(0, MOST_ROWS).map((row, index) => (
          <li key={index}>
            {images[index] ? <RequestImage address={images[index]} number={index + 1} /> : null}
            <div>
              <strong>{row.label}</strong>
              <dl>
                {row.classes.slice(0, MOST_CLASSES).map((one) => (
                  <div key={one.name}>
                    <dt className="cut" title={one.name}>
                      {one.name}
                    </dt>
                    <dd>
                      <span className={classes.share} data-chosen={one.name === row.label || undefined}>
                        <span style={{ width: `${one.share * 100}%` }} />
                      </span>
                      <span className="number">{formats.percent(one.share)}</span>
                    </dd>
                  </div>
                ))}
              </dl>
              {row.classes.length > MOST_CLASSES ? <span className="faint">{t("moreClasses", { count: row.classes.length - MOST_CLASSES })}</span> : null}
            </div>
          </li>
        ))}
      </ol>
      {rows.length > MOST_ROWS ? <p className="faint">{t("moreRows", { count: rows.length - MOST_ROWS })}</p> : null}
    </>
  );
}
