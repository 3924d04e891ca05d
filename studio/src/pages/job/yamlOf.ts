// A plain document as YAML, to be read by people: texts of many lines as blocks, quotes only where they are needed.

export function yamlOf(value: unknown, indent = ""): string {
  if (Array.isArray(value)) return value.length ? value.map((one) => `${indent}- ${yamlOf(one, `${indent}  `).trimStart()}`).join("\n") : `${indent}[]`;
  if (typeof value === "object" && value !== null) {
    const lines = Object.entries(value).map(([key, one]) => {
      if (typeof one === "object" && one !== null && Object.keys(one).length) return `${indent}${scalar(key)}:\n${yamlOf(one, `${indent}  `)}`;
      if (Array.isArray(one)) return `${indent}${scalar(key)}: []`;
      if (typeof one === "string" && one.includes("\n")) return `${indent}${scalar(key)}: |\n${one.trimEnd().replace(/^/gm, `${indent}  `)}`;
      return `${indent}${scalar(key)}: ${scalar(one)}`;
    });
    return lines.length ? lines.join("\n") : `${indent}{}`;
  }
  return indent + scalar(value);
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // What YAML would take for something else than this text.
  const isPlain = /^[A-Za-z_./][^#:\n]*$/.test(value) && value === value.trim() && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
