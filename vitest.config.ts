import { defineConfig } from "vitest/config";

/** Tests that start the built program; `make check` leaves them out. */
const endToEnd = ["test/end-to-end/**/*.test.ts", "test/docs/**/*.test.ts", "test/operate/smoke.test.ts"];
/** Kills, outages and damage, for minutes: `make chaos`. */
const chaos = ["test/chaos/**/*.test.ts"];
/** Several processes with one limit: alone on the machine, or the machine is what is measured. */
const scale = ["test/scale/**/*.test.ts"];
/** Every alert made to fire by a fault: `make operate`. */
const operate = ["test/operate/operator-run.test.ts"];

const shared = {
  pool: "forks" as const,
  testTimeout: 60_000,
  hookTimeout: 60_000,
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
          exclude: [...endToEnd, ...chaos, ...scale, ...operate, "test/bench/**"],
        },
      },
      { test: { ...shared, name: "end-to-end", include: endToEnd, testTimeout: 120_000 } },
      { test: { ...shared, name: "scale", include: scale, testTimeout: 240_000, fileParallelism: false } },
      { test: { ...shared, name: "operate", include: operate } },
      // Each row of the fault matrix has three processes of its own: more at once than this starve each other.
      { test: { ...shared, name: "chaos", include: chaos, testTimeout: 120_000, maxConcurrency: 2 } },
    ],
  },
});
