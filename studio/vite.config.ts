// How the page is built and served in development. `vite build` writes into the Python package; see README.md.
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const server = process.env.BANCADA_STUDIO_SERVER ?? "http://127.0.0.1:7280";
const passedOn = { target: server, changeOrigin: true, headers: { origin: server } };

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.BANCADA_STUDIO_OUT ?? "../src/bancada/faces/studio_files",
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    chunkSizeWarningLimit: 700,
    assetsInlineLimit: 0, // the policy of the page takes no data: addresses but for images
  },
  server: { proxy: { "/api": passedOn, "/session": passedOn, "/mlflow": passedOn } },
});
