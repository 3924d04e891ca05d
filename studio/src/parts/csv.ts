// Reads CSV well enough for a preview: quotes, doubled quotes, line ends in fields, and the delimiter it finds.

/** Return the first `most` rows of a text. */
export function parseCsv(text: string, most: number, delimiter = delimiterOf(text)): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let index = 0; index < text.length && rows.length < most; index += 1) {
    const letter = text[index]!;
    if (isQuoted) {
      if (letter !== '"') field += letter;
      else if (text[index + 1] === '"') {
        field += '"';
        index += 1;
      } else isQuoted = false;
    } else if (letter === '"' && field === "") isQuoted = true;
    else if (letter === delimiter) {
      row.push(field);
      field = "";
    } else if (letter === "\n") {
      row.push(field.endsWith("\r") ? field.slice(0, -1) : field);
      rows.push(row);
      row = [];
      field = "";
    } else field += letter;
  }
  if (rows.length < most && (field !== "" || row.length)) rows.push([...row, field]);
  return rows;
}

/** Return the delimiter that the first line has most of; a comma when it has none. */
export function delimiterOf(text: string): string {
  const line = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const counts = [",", ";", "\t", "|"].map((one) => [one, line.split(one).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
