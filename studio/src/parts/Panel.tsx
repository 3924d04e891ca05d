// A titled panel: the frame of facts, tables and forms on a page.
import type { ReactNode } from "react";

interface PanelProps {
  title: string;
  /** At the right of the title: links, buttons, a count. */
  more?: ReactNode;
  /** With room around what is in it; tables and lists bring their own. */
  isPadded?: boolean;
  children: ReactNode;
}

export function Panel({ title, more, isPadded, children }: PanelProps) {
  return (
    <section className="panel" aria-label={title} style={{ minWidth: 0 }}>
      <header>
        <h2>{title}</h2>
        {more}
      </header>
      {isPadded ? <div style={{ padding: 14, display: "grid", gap: 12 }}>{children}</div> : children}
    </section>
  );
}
