// Fails when a first screen (the entry, its page and all that they import without `import()`) grows above the budget, and when
// the page does not know the files of one of its addresses beforehand.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUDGET = 210_000; // bytes, gzip: what the Studio promises for each of its first screens
const FIRST = ["home", "jobs"];
const here = dirname(fileURLToPath(import.meta.url));
const built = process.argv[2] ?? join(here, "../../src/bancada/faces/studio_files");
const manifest = JSON.parse(readFileSync(join(built, ".vite/manifest.json"), "utf8"));

const html = readFileSync(join(built, "index.html"), "utf8");
const entries = Object.keys(manifest).filter((key) => html.includes(`="/${manifest[key].file}"`));

/** Return the files that a chunk brings with it before anything is drawn. */
function filesOf(key, seen = new Set()) {
  const chunk = manifest[key];
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const sheet of chunk.css ?? []) seen.add(sheet);
  for (const below of chunk.imports ?? []) filesOf(below, seen);
  return seen;
}

const sizeOf = (file) => gzipSync(readFileSync(join(built, file)), { level: 9 }).length;
const screens = FIRST.map((page) => [page, filesOf(`src/pages/${page}/index.tsx`, entries.reduce((seen, key) => filesOf(key, seen), new Set()))]);
const totals = screens.map(([page, files]) => [page, [...files].reduce((sum, file) => sum + sizeOf(file), 0)]);
const first = new Set(screens.flatMap(([, files]) => [...files]));
for (const file of first) console.log(`${String(sizeOf(file)).padStart(8)}  ${file}`);
const lazy = Object.values(manifest).filter((one) => !first.has(one.file) && one.file.endsWith(".js"));
for (const one of lazy) console.log(`${String(sizeOf(one.file)).padStart(8)}  ${one.file} (lazy)`);
for (const [page, total] of totals) console.log(`${String(total).padStart(8)}  first screen, ${page}, gzip; at most ${BUDGET}`);
if (totals.some(([, total]) => total > BUDGET)) {
  console.error("A first screen is too large: load what it does not need with `import()` (see studio/README.md).");
  process.exit(1);
}

const { pages } = JSON.parse(/<script type="application\/json" id="page-files">(.*?)<\/script>/s.exec(html)[1]);
const routes = [...readFileSync(join(here, "../src/routes.tsx"), "utf8").matchAll(/path: "[^"]+", component: lazyRouteComponent\(/g)];
if (Object.keys(pages).length !== routes.length || Object.values(pages).some((files) => !files.length)) {
  console.error(`Of ${routes.length} addresses in routes.tsx, the files of ${Object.keys(pages).length} are known: write each on one line, as the others are.`);
  process.exit(1);
}
