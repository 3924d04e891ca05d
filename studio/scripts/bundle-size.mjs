// Fails when the first screen (the entry and all that it imports without `import()`) grows above its budget, and when
// the page does not know the files of one of its addresses beforehand.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUDGET = 250_000; // bytes, gzip: what the Studio promises for its first screen
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
// The page that comes first, too.
const first = filesOf("src/pages/home/index.tsx", entries.reduce((seen, key) => filesOf(key, seen), new Set()));
const sizes = [...first].map((file) => [file, sizeOf(file)]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
for (const [file, size] of sizes) console.log(`${String(size).padStart(8)}  ${file}`);
const lazy = Object.values(manifest).filter((one) => !first.has(one.file) && one.file.endsWith(".js"));
for (const one of lazy) console.log(`${String(sizeOf(one.file)).padStart(8)}  ${one.file} (lazy)`);
console.log(`${String(total).padStart(8)}  first screen, gzip; at most ${BUDGET}`);
if (total > BUDGET) {
  console.error("The first screen is too large: load what it does not need with `import()` (see studio/README.md).");
  process.exit(1);
}

const { pages } = JSON.parse(/<script type="application\/json" id="page-files">(.*?)<\/script>/s.exec(html)[1]);
const routes = [...readFileSync(join(here, "../src/routes.tsx"), "utf8").matchAll(/path: "[^"]+", component: lazyRouteComponent\(/g)];
if (Object.keys(pages).length !== routes.length || Object.values(pages).some((files) => !files.length)) {
  console.error(`Of ${routes.length} addresses in routes.tsx, the files of ${Object.keys(pages).length} are known: write each on one line, as the others are.`);
  process.exit(1);
}
