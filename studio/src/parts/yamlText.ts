// Writes small documents (a conda file, say) as YAML for reading. No parser, no anchors, no long texts.

const PLAIN = /^[A-Za-z_./][\w ./:@=<>!~+*,[\]-]*$/;
const WORDS = /^(?:true|false|yes|no|on|off|null|~)$/i;

/** Return a value as YAML; lists and maps begin in the first column. */
export function yamlText(value: unknown, indent = ""): string {
  if (Array.isArray(value)) return value.length ? value.map((one) => `${indent}- ${item(one, `${indent}  `)}`).join("\n") : `${indent}[]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (!entries.length) return `${indent}{}`;
    return entries.map(([key, one]) => `${indent}${scalar(key)}:${below(one, indent)}`).join("\n");
  }
  return `${indent}${scalar(value)}`;
}

function below(value: unknown, indent: string): string {
  const isFilled = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  return isFilled ? `\n${yamlText(value, `${indent}  `)}` : ` ${yamlText(value)}`;
}

function item(value: unknown, indent: string): string {
  return value !== null && typeof value === "object" ? yamlText(value, indent).trimStart() : scalar(value);
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const isPlain = PLAIN.test(value) && !WORDS.test(value) && !/: |\s$|:$| #/.test(value);
  return isPlain ? value : JSON.stringify(value);
}
