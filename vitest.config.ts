import { defineConfig } from "vitest/config";

/** Tests that start the built program or other processes; `make check` leaves them out. */
const slow = ["test/end-to-end/**/*.test.ts", "test/chaos/**/*.test.ts"];

const shared = {
  pool: "forks" as const,
  testTimeout: 30_000,
  hookTimeout: 30_000,
  env: { METADATA_SERVER_DETECTION: "none" },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...slow, "test/bench/**"],
        },
      },
      { test: { ...shared, name: "end-to-end", include: slow, testTimeout: 120_000 } },
    ],
  },
});
