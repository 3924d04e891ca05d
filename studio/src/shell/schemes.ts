// The colour schemes and their signs.
import type { IconName } from "@/parts/Icon";

export const SCHEMES = { light: "sun", dark: "moon", auto: "screen" } as const satisfies Record<string, IconName>;
