// The lines of a log that the page keeps: a window that ends at the newest line. No drawing.

export const MOST_LINES = 100_000; // some 20 MB; what came before is let go of, and can be downloaded

/** Takes text as it comes, in pieces that end anywhere; gives lines. */
export class LogBuffer {
  private kept: string[] = [];
  private rest = "";
  /** Lines that were let go of, before the first that is kept. */
  dropped = 0;

  constructor(private readonly most = MOST_LINES) {}

  get length(): number {
    return this.kept.length + (this.rest === "" ? 0 : 1);
  }

  /** Return a line by its place among those that are kept. */
  line(index: number): string {
    return index < this.kept.length ? (this.kept[index] ?? "") : afterReturns(this.rest);
  }

  append(text: string): void {
    const pieces = (this.rest + text).split("\n");
    this.rest = pieces.pop() ?? "";
    for (const piece of pieces) this.kept.push(afterReturns(piece));
    // Let go in large steps: cutting the head of an array costs its whole length.
    if (this.kept.length > this.most * 1.1) {
      const surplus = this.kept.length - this.most;
      this.kept = this.kept.slice(surplus);
      this.dropped += surplus;
    }
  }

  clear(): void {
    this.kept = [];
    this.rest = "";
    this.dropped = 0;
  }

  /** Return the places of the lines that hold some words, whatever their case. */
  find(words: string): number[] {
    if (!words) return [];
    const wanted = words.toLowerCase();
    const found: number[] = [];
    for (let index = 0; index < this.length; index += 1) {
      if (this.line(index).toLowerCase().includes(wanted)) found.push(index);
    }
    return found;
  }
}

/** Return what a terminal would show of a line: a progress bar goes back to its start and writes over itself. */
function afterReturns(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const at = text.lastIndexOf("\r");
  return strip(at < 0 ? text : text.slice(at + 1));
}

// Colours and cursor moves of terminals: \x1b[…m and its like.
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;

function strip(text: string): string {
  return text.includes("\x1b") ? text.replace(ESCAPES, "") : text;
}
