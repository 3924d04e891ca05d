// How the page is built and served in development. `vite build` writes into the Python package; see README.md.
import react from "@vitejs/plugin-react";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const server = process.env.BANCADA_STUDIO_SERVER ?? "http://127.0.0.1:7280";
const passedOn = { target: server, changeOrigin: true, headers: { origin: server } };
const SOURCE = fileURLToPath(new URL("./src", import.meta.url));
// The pages that people begin with, and what they use of the components.
const FIELDS = /@mantine\/(core\/esm\/components\/(Input|InputBase|TextInput|NativeSelect|SegmentedControl|FloatingIndicator|Skeleton)\/|hooks\/esm\/use-debounced)/;
const FIRST = ["home", "jobs"].map((page) => `${SOURCE}/pages/${page}/index.tsx`);

/** Writes into `index.html` which files the page of each address is made of: `public/early.js` asks for them at once. */
function pageFiles(): Plugin {
  return {
    name: "page-files",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).flatMap((one) => (one.type === "chunk" ? [one] : []));
        const files: string[] = [];
        const number = (file: string) => {
          const path = `/${file}`;
          // What the page brings by itself is asked for already.
          if (html.includes(`"${path}"`)) return [];
          if (!files.includes(path)) files.push(path);
          return [files.indexOf(path)];
        };
        const filesOf = (name: string, seen: Set<string>): void => {
          const chunk = chunks.find((one) => one.fileName === name);
          if (!chunk || seen.has(name)) return;
          seen.add(name);
          chunk.viteMetadata?.importedCss.forEach((sheet) => seen.add(sheet));
          chunk.imports.forEach((below) => filesOf(below, seen));
        };
        const pages = routes().flatMap(({ path, module }) => {
          const chunk = chunks.find((one) => one.facadeModuleId === module);
          const seen = new Set<string>();
          if (chunk) filesOf(chunk.fileName, seen);
          return chunk ? [[path, [...seen].flatMap(number)] as const] : [];
        });
        const table = JSON.stringify({ files, pages: Object.fromEntries(pages) });
        const early = '<script src="/early.js">';
        return html.replace(early, () => `<script type="application/json" id="page-files">${table}</script>\n    ${early}`);
      },
    },
  };
}

/**
 * Makes Vite's helper ask again for a style sheet that could not be fetched. As it comes it asks for each one once, whatever
 * becomes of it: a part whose sheet was missing would be drawn without it when somebody asks again.
 */
function sheetsAgain(): Plugin {
  const edits = [
    [/seen\[href\] = void 0;(?=\s*throw err;)/, "delete seen[href];"],
    [/(?<=if \(e\.type === "error"\) )rej\(/, "link.remove(), rej("],
  ] as const;
  return {
    name: "sheets-again",
    apply: "build",
    transform: {
      filter: { id: /vite\/preload-helper\.js$/ },
      handler(code) {
        return edits.reduce((text, [from, to]) => {
          if (!from.test(text)) this.error(`Vite's helper has changed: look whether it asks again for a style sheet that failed, and mend sheetsAgain (${from}).`);
          return text.replace(from, to);
        }, code);
      },
    },
  };
}

/** Return the addresses of `routes.tsx` and the modules that draw them; those with fewer open places first, as the router does. */
function routes(): { path: string; module: string }[] {
  const text = readFileSync(`${SOURCE}/routes.tsx`, "utf8");
  const found = text.matchAll(/getParentRoute: \(\) => (\w+), path: "([^"]+)", component: lazyRouteComponent\(\(\) => import\("@\/([^"]+)"\)/g);
  const isFile = (path: string) => path.split("/").length > 2; // `pages/data/Create`, beside `pages/data`
  const open = (path: string) => path.split("$").length;
  return [...found]
    .map(([, parent, path, page]) => ({
      path: parent === "inside" ? `workspaces/$ws/${path}` : path!.replace(/^\//, ""),
      module: `${SOURCE}/${page}${isFile(page!) ? "" : "/index"}.tsx`,
    }))
    .sort((one, other) => open(one.path) - open(other.path));
}

/** Names the chunk of the parts that the first pages import, themselves or by others; null for all other modules. */
function firstParts() {
  const first = new Set<string>();
  type Modules = { getModuleInfo(id: string): { importedIds: readonly string[] } | null };
  const add = (id: string, modules: Modules): void => {
    // What a package's index names is not what is used of it; that comes along with whoever uses it.
    if (first.has(id) || !id.startsWith(SOURCE)) return;
    first.add(id);
    modules.getModuleInfo(id)?.importedIds.forEach((below) => add(below, modules));
  };
  return (id: string, modules: Modules): string | null => {
    FIRST.forEach((page) => add(page, modules));
    return FIELDS.test(id) || (first.has(id) && !id.includes("/src/pages/")) ? "first" : null;
  };
}

export default defineConfig({
  plugins: [react(), pageFiles(), sheetsAgain()],
  resolve: { alias: { "@": SOURCE } },
  build: {
    outDir: process.env.BANCADA_STUDIO_OUT ?? "../src/bancada/faces/studio_files",
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    chunkSizeWarningLimit: 700,
    assetsInlineLimit: 0, // the policy of the page takes no data: addresses but for images
    rolldownOptions: {
      output: {
        // A browser asks for six files at a time: what comes together is one file, not one for each way it is shared.
        codeSplitting: {
          groups: [
            { name: "main", tags: ["$initial"], priority: 3 },
            // What is looked at first comes without what is opened later: menus, forms, dialogs are in `parts`.
            { name: firstParts(), debugName: "first", priority: 2 },
            { name: "parts", test: (id) => !id.includes("/src/pages/"), minShareCount: 14, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": passedOn, "/session": passedOn, "/mlflow": passedOn } },
});
