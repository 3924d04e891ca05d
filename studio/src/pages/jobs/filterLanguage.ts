// The filter language of the table as conditions, and back. What is no plain list of conditions stays a text.

export type Entity = "attributes" | "metrics" | "params" | "tags";
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" | "IN" | "NOT IN" | "IS NULL" | "IS NOT NULL";

export interface Condition {
  entity: Entity;
  key: string;
  operator: Operator;
  /** A list exactly for IN and NOT IN, null exactly for IS NULL and IS NOT NULL. */
  value: string | number | string[] | null;
}

const NAMES: Record<string, Entity> = {
  attribute: "attributes", attributes: "attributes", attr: "attributes", run: "attributes",
  metric: "metrics", metrics: "metrics",
  param: "params", params: "params", parameter: "params", parameters: "params",
  tag: "tags", tags: "tags",
};
const TOKEN = /\s*(?:([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])|([A-Za-z_]\w*(?:\.(?:[\w/-]+|`(?:[^`]|``)*`|"(?:[^"]|"")*"))*)|('(?:[^']|'')*'|"(?:[^"]|"")*")|(<=|>=|!=|<>|=|<|>|[(),]))/y;

interface Token {
  kind: "number" | "name" | "text" | "mark";
  text: string;
}

/** Return the conditions of a filter, all of which must hold; null for one that has another form. */
export function parseConditions(text: string): Condition[] | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  const found: Condition[] = [];
  let at = 0;
  const word = (offset = 0) => (tokens[at + offset]?.kind === "name" ? tokens[at + offset]!.text.toUpperCase() : "");
  while (at < tokens.length) {
    if (found.length) {
      if (word() !== "AND") return null;
      at += 1;
    }
    const name = tokens[at]?.kind === "name" ? nameOf(tokens[at]!.text) : null;
    if (name === null) return null;
    at += 1;
    const rest = afterName(tokens, at, word);
    if (rest === null) return null;
    found.push({ ...name, operator: rest.operator, value: rest.value });
    at = rest.at;
  }
  return found;
}

function afterName(tokens: Token[], at: number, word: (offset?: number) => string): Pick<Condition, "operator" | "value"> & { at: number } | null {
  if (word() === "IS") {
    const isNot = word(1) === "NOT";
    if (word(isNot ? 2 : 1) !== "NULL") return null;
    return { operator: isNot ? "IS NOT NULL" : "IS NULL", value: null, at: at + (isNot ? 3 : 2) };
  }
  const isNot = word() === "NOT";
  if (word(isNot ? 1 : 0) === "IN") {
    const values: string[] = [];
    let place = at + (isNot ? 2 : 1);
    if (tokens[place]?.text !== "(") return null;
    do {
      const one = tokens[place + 1];
      if (one?.kind !== "text") return null;
      values.push(unquoted(one.text));
      place += 2;
    } while (tokens[place]?.text === ",");
    return tokens[place]?.text === ")" ? { operator: isNot ? "NOT IN" : "IN", value: values, at: place + 1 } : null;
  }
  const sign = word() || tokens[at]?.text || "";
  const operator = sign === "<>" ? "!=" : sign;
  const value = tokens[at + 1];
  if (!["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"].includes(operator)) return null;
  if (value?.kind !== "number" && value?.kind !== "text") return null;
  return { operator: operator as Operator, value: value.kind === "number" ? Number(value.text) : unquoted(value.text), at: at + 2 };
}

function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  const end = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end.length) {
    const found = TOKEN.exec(end);
    if (!found) return null;
    const kinds = ["number", "name", "text", "mark"] as const;
    const index = kinds.findIndex((_, place) => found[place + 1] !== undefined);
    tokens.push({ kind: kinds[index]!, text: found[index + 1]! });
  }
  return tokens;
}

function nameOf(text: string): { entity: Entity; key: string } | null {
  const dot = text.indexOf(".");
  if (dot < 0) return { entity: "attributes", key: text };
  const entity = NAMES[text.slice(0, dot)];
  const key = text.slice(dot + 1);
  if (!entity) return null;
  return { entity, key: /^[`"]/.test(key) ? unquoted(key) : key };
}

function unquoted(text: string): string {
  const quote = text[0]!;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Return the filter of some conditions. */
export function printConditions(conditions: readonly Condition[]): string {
  return conditions.map(printed).join(" AND ");
}

function printed({ entity, key, operator, value }: Condition): string {
  const name = entity === "attributes" ? key : columnName(entity, key);
  if (value === null) return `${name} ${operator}`;
  if (Array.isArray(value)) return `${name} ${operator} (${value.map(quoted).join(", ")})`;
  return `${name} ${operator} ${typeof value === "number" ? value : quoted(value)}`;
}

/** Return a metric, parameter or tag as filters and orders name it; odd keys stand in backticks. */
export function columnName(entity: Entity, key: string): string {
  return `${entity}.${/^[\w/-]+(\.[\w/-]+)*$/.test(key) ? key : `\`${key.replaceAll("`", "``")}\``}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
