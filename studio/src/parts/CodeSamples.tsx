// "Show me the CLI, the SDK and the YAML": samples with a button that copies them.
import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import classes from "./CodeSamples.module.css";
import { CopyButton } from "./CopyId";

export interface Sample {
  /** What it is written in: CLI, Python, YAML, curl … */
  form: string;
  text: string;
}

interface CodeSamplesProps {
  samples: readonly Sample[];
  /** Shown whole, however long: where the page is about nothing else. */
  isTall?: boolean;
}

export function CodeSamples({ samples, isTall }: CodeSamplesProps) {
  const [chosen, setChosen] = useState(samples[0]?.form ?? "");
  const sample = samples.find((one) => one.form === chosen) ?? samples[0];
  if (!sample) return null;
  return (
    <div className={classes.samples}>
      <div className={classes.bar}>
        {samples.length > 1 ? (
          <SegmentedControl size="xs" data={samples.map((one) => one.form)} value={sample.form} onChange={setChosen} />
        ) : (
          <span className="faint">{sample.form}</span>
        )}
        <CopyButton value={sample.text} />
      </div>
      <pre className={classes.text} data-tall={isTall || undefined} tabIndex={0}>
        {sample.text}
      </pre>
    </div>
  );
}
