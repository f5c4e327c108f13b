// One run of vitest: its output goes to the screen, and how many tests passed and failed comes back.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `args` follow `vitest run`. A run that ends badly without a failed test counts as one. */
export function countedVitest(args, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join("node_modules", ".bin", "vitest");
  const { status } = spawnSync(vitest, ["run", ...args, ...reporters], { stdio: "inherit", env });
  const ok = status === 0;
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8"));
    // A file that could not be loaded has no failed test of its own.
    const failed = Math.max(numFailedTests, ok ? 0 : 1, numFailedTests === 0 ? numFailedTestSuites : 0);
    return { passed: numPassedTests, failed };
  } catch (error) {
    console.error(`the test report cannot be read: ${error.message}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
