// What this browser remembers between visits. A private window may refuse: then it is forgotten, and nothing breaks.
const PREFIX = "bancada.";

export const remembered = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(PREFIX + key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(PREFIX + key);
      else localStorage.setItem(PREFIX + key, value);
    } catch {
      // Nothing to do: the choice holds until the tab is closed.
    }
  },
  /** Return a remembered JSON value, or the fallback when there is none or it cannot be read. */
  json<T>(key: string, fallback: T): T {
    try {
      const text = this.get(key);
      return text === null ? fallback : (JSON.parse(text) as T);
    } catch {
      return fallback;
    }
  },
};
