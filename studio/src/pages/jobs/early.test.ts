// What `early.js` asks for before the application runs is what the application then asks for, to the letter.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { parseSearch } from "@/parts/urlState";
import { firstRowsQuery } from "./rowsQuery";

const code = readFileSync(join(import.meta.dirname, "../../../public/early.js"), "utf8");
const TABLE = { files: ["/assets/jobs.js"], pages: { "workspaces/$ws/jobs": [0], "workspaces/$ws/jobs/$name": [0] } };

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

/** Run the script at an address; return what it asks for. */
function askedAt(address: string, session = "open"): string[] {
  document.head.innerHTML = `<script type="application/json" id="page-files">${JSON.stringify(TABLE)}</script>`;
  document.documentElement.dataset.session = session;
  vi.stubGlobal("location", new URL(address, "http://127.0.0.1"));
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  const found: string[] = [];
  // Kept out of the document, which would fetch them.
  const append = vi.spyOn(document.head, "append").mockImplementation((link) => void found.push((link as HTMLLinkElement).getAttribute("href") ?? ""));
  new Function(code)();
  append.mockRestore();
  return found;
}

/** Return what the application asks for first. */
async function asked(ws: string, search: string): Promise<string | undefined> {
  const fetched = vi.fn((_address: string) => Promise.resolve(new Response("{}")));
  vi.stubGlobal("fetch", fetched);
  const query = firstRowsQuery(ws, parseSearch(search));
  await query?.queryFn({ signal: new AbortController().signal });
  return fetched.mock.calls[0]?.[0];
}

test.each(["", "?q=two+words", "?filter=metrics.m1+%3E+0.5+AND+tags.a+%3D+'é'", "?view=archived", "?view=all&scope=all", "?view=active", "?scope=roots&open=a", "?q="])("the rows of a view are asked for once: %s", async (search) => {
  const found = askedAt(`/workspaces/default/jobs${search}`);
  expect(found.slice(0, 2)).toEqual(["/assets/jobs.js", "/api/v1/workspaces"]);
  expect(found[2]).toBe(await asked("default", search));
});

test("a workspace of another name is asked for its rows once it was visited", async () => {
  expect(askedAt("/workspaces/my%20lab/jobs")).toHaveLength(2);
  localStorage.setItem("bancada.workspace", "my lab");
  expect(askedAt("/workspaces/my%20lab/jobs")[2]).toBe(await asked("my lab", ""));
  expect(askedAt("/workspaces/default/jobs")).toHaveLength(2);
});

test("no rows are asked for where they are not shown, sorted by a column, or behind a closed door", () => {
  expect(askedAt("/workspaces/default/jobs/a")).toHaveLength(2);
  expect(askedAt("/workspaces/default/jobs?sort=-name")).toHaveLength(2);
  expect(askedAt("/workspaces/default/jobs?cols=name,metrics.m1")).toHaveLength(2);
  expect(askedAt("/workspaces/default/jobs", "closed")).toHaveLength(1);
});
