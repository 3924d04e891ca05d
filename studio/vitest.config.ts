import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vite.config.ts";

export default mergeConfig(
  base,
  defineConfig({
    test: {
      include: ["src/**/*.test.{ts,tsx}"],
      environment: "happy-dom",
      restoreMocks: true,
      // A busy machine takes seconds for what takes a moment otherwise; a test that passes never waits for it.
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }),
);
