// Images inside a request's JSON: found by how their base64 begins, and shown short where a person edits. No drawing.
import { objectOf } from "./testBody";

/** How the base64 of an image file begins: PNG, JPEG, GIF, WebP, BMP, TIFF. */
const TYPES: readonly [RegExp, string][] = [
  [/^iVBORw0KGgo/, "image/png"],
  [/^\/9j\//, "image/jpeg"],
  [/^R0lGOD/, "image/gif"],
  [/^UklGR.{7}XRUJQ/, "image/webp"],
  [/^Qk[0-3]/, "image/bmp"],
  [/^(SUkqA|TU0AK)/, "image/tiff"],
];
const MOST = 12;
const LONGEST_SHOWN = 2048;

/** Return the type of an image file by its base64; null when it is none. */
export const imageType = (base64: string): string | null => TYPES.find(([begin]) => begin.test(base64))?.[1] ?? null;

/** Return the addresses under which a page can show the first images of a request, in the order of its rows. */
export function imagesOf(body: string): string[] {
  const form = objectOf(body);
  const table = form && ((form.input_data ?? form.dataframe_split) as { data?: unknown } | null | undefined);
  const rows = Array.isArray(table?.data) ? table.data : [];
  const cells = rows.flatMap((row: unknown) => (Array.isArray(row) ? (row as unknown[]) : [row]));
  const found = cells.flatMap((cell) => {
    const type = typeof cell === "string" ? imageType(cell) : null;
    return type === null ? [] : [`data:${type};base64,${cell as string}`];
  });
  return found.slice(0, MOST);
}

/** A request as it is edited: long base64 is cut, and `whole` says what each cut text stands for. */
export interface ShortBody {
  text: string;
  whole: ReadonlyMap<string, string>;
}

/** Cut the base64 of large images out of a request's text: an editor is no place for millions of letters in a line. */
export function shortened(body: string): ShortBody {
  const whole = new Map<string, string>();
  const text = body.replace(/"([A-Za-z0-9+/]{2049,}={0,2})"/g, (quoted, base64: string) => {
    if (base64.length <= LONGEST_SHOWN || imageType(base64) === null) return quoted;
    // Its ends and its length tell one image from another, and stay the same while the rest is edited.
    const short = `${base64.slice(0, 24)}…${base64.slice(-12)} (${base64.length} base64)`;
    whole.set(short, base64);
    return `"${short}"`;
  });
  return { text, whole };
}

/** Put back what `shortened` cut. */
export function lengthened(text: string, whole: ReadonlyMap<string, string>): string {
  return whole.size ? text.replace(/"([^"]*…[^"]*)"/g, (quoted, short: string) => (whole.has(short) ? `"${whole.get(short) ?? ""}"` : quoted)) : text;
}
