// A text that is shown at a thing while the pointer or the focus is on it. Behind `import()` on pages that begin without.
import { Tooltip } from "@mantine/core";
import type { ReactElement } from "react";

export default function Hint({ label, children }: { label: string; children: ReactElement }) {
  return (
    <Tooltip label={label} multiline maw={360}>
      {children}
    </Tooltip>
  );
}
