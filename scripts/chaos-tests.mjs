// The chaos tests, and what came of each row. What shares the machine comes first, then the soak alone, so that its
// figures are its own.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { countedVitest } from "./counted-vitest.mjs";

/** Most rows wait more than they work: three files at once, three rows of each; one, where others work already. */
const files = loadavg()[0] > 3 * cpus().length ? "1" : "3";
const PROJECT = ["--project", "chaos", "--maxWorkers", files];

/** `form` is "short" or "long". Yields { passed, failed, results }. */
export function chaosTests(form) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-chaos-results-"));
  const env = { ...process.env, SLUICE_CHAOS: form, SLUICE_CHAOS_RESULTS: folder };
  try {
    const together = countedVitest([...PROJECT, "test/chaos", "--exclude", "**/soak.test.ts"], env);
    const alone = countedVitest([...PROJECT, "test/chaos/soak.test.ts"], env);
    const results = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
    for (const { row, fault, leftOut } of results)
      if (leftOut !== undefined) console.log(`LEFT OUT: chaos row ${row}, ${fault}: ${leftOut}`);
    return { passed: together.passed + alone.passed, failed: together.failed + alone.failed, results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
