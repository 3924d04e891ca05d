// What this tab is deleting: nothing is asked about it any more, though the log of events says that it changed.
import type { QueryClient, QueryKey } from "@tanstack/react-query";

const going = new Set<string>();

/** Tell whether a query is about something that is being deleted. */
export function isAboutGoing(key: QueryKey): boolean {
  // After ["ws", workspace, kind]: only names follow.
  return key.slice(3).some((part) => typeof part === "string" && going.has(part));
}

/** Delete something by its name and leave its page; what was known about it is forgotten. Throws what `remove` throws. */
export async function whileGoing(queries: QueryClient, name: string, remove: () => Promise<unknown>, leave: () => Promise<unknown>): Promise<void> {
  going.add(name);
  try {
    await remove();
    await leave();
    queries.removeQueries({ predicate: (one) => isAboutGoing(one.queryKey) && !one.isActive() });
  } finally {
    going.delete(name);
  }
}
