// Runs the checks and the tests, and ends with one line: `N passed, N failed`.
// `check` is the inner loop; `all` adds what starts real processes.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const mode = process.argv[2] ?? "all";
const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
const report = join(folder, "report.json");

const steps = [
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  ["types", "tsc", ["-p", "tsconfig.json"]],
  ["generated files", "node", ["scripts/generate.mjs", "--check"]],
];
let passed = 0;
let failed = 0;

function run(command, args) {
  const local = join("node_modules", ".bin", command);
  const { status } = spawnSync(command === "node" ? process.execPath : local, args, { stdio: "inherit" });
  return status === 0;
}

for (const [name, command, args] of steps) {
  const ok = run(command, args);
  console.log(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (ok) passed += 1;
  else failed += 1;
}

const projects = mode === "check" ? ["--project=unit"] : ["--project=unit", "--project=end-to-end"];
const ok = run("vitest", [
  "run",
  ...projects,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
]);
try {
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, "utf8"));
  passed += numPassedTests;
  // A file that could not be loaded has no failed test of its own.
  failed += Math.max(numFailedTests, ok ? 0 : 1, numFailedTests === 0 ? numFailedTestSuites : 0);
} catch (error) {
  console.error(`the test report cannot be read: ${error.message}`);
  failed += 1;
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
