// Parts that are drawn because of what the data say, and whose code may not be there to fetch.
import { type ComponentType, lazy } from "react";

/**
 * Like `lazy`, with what is drawn instead where the code cannot be fetched: the server is away, or has been upgraded
 * since the page was loaded. Nobody asked for such a part by a click, and the page around it must not fall with it.
 */
export function lazyOr<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, instead: ComponentType<P>) {
  return lazy(() => load().catch(() => ({ default: instead })));
}

export const Nothing = () => null;
