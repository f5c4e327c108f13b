// The chaos tests, and what came of each row. What shares the machine comes first, then the soak alone, so that its
// figures are its own. The long form ends with the property tests of everything that reads foreign bytes, at 20,000
// runs each; at 2,000 they are in the unit tests.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { countedVitest } from "./counted-vitest.mjs";

/** Four rows at a time, two of each of two files (vitest.config.ts); two, where others work already. */
const files = loadavg()[0] > 3 * cpus().length ? "1" : "2";
const PROJECT = ["--project", "chaos", "--maxWorkers", files];

const FUZZ = ["--project", "unit", "test/avro", "test/events/parse-json-event.test.ts"];

/**
 * `form` is "short" or "long"; with `rows`, a pattern of names, only those rows of the fault matrix.
 * Yields { passed, failed, results }.
 */
export function chaosTests(form, rows) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-chaos-results-"));
  const env = { ...process.env, SLUICE_CHAOS: form, SLUICE_CHAOS_RESULTS: folder };
  try {
    const parts =
      rows === undefined
        ? [
            countedVitest([...PROJECT, "test/chaos", "--exclude", "**/soak.test.ts"], env),
            countedVitest([...PROJECT, "test/chaos/soak.test.ts"], env),
          ]
        : [countedVitest([...PROJECT, "test/chaos/fault-matrix", "-t", rows], env)];
    if (form === "long" && rows === undefined)
      parts.push(countedVitest(FUZZ, { SLUICE_FUZZ_RUNS: "20000", ...process.env }));
    const results = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
    for (const { row, fault, leftOut } of results)
      if (leftOut !== undefined) console.log(`LEFT OUT: chaos row ${row}, ${fault}: ${leftOut}`);
    const sum = (what) => parts.reduce((n, part) => n + part[what], 0);
    return { passed: sum("passed"), failed: sum("failed"), results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
