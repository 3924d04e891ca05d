// A link in a row of a table. The router's own reckons its address anew for each row that comes into sight, which is most
// of what drawing a row costs; this one is told it. It goes where a click goes, and fetches its page's code beforehand.
import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

export function RowLink({ to, title, children }: { to: string; title?: string; children: ReactNode }) {
  const router = useRouter();
  const go = (event: MouseEvent) => {
    // Another button or key means another tab or window: the browser's own business.
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ to, search: {} });
  };
  const begin = () => void router.preloadRoute({ to, search: {} }).catch(() => undefined);
  return (
    <a href={to} title={title} onClick={go} onPointerEnter={begin} onFocus={begin}>
      {children}
    </a>
  );
}
