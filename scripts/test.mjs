// Runs the checks and the tests, and ends with one line: `N passed, N failed`.
// `check` is the inner loop; `all` adds what starts real processes, and the chaos tests in their short form
// (SLUICE_CHAOS=long: in the long one), and those of several processes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { chaosTests } from "./chaos-tests.mjs";
import { countedVitest } from "./counted-vitest.mjs";

const mode = process.argv[2] ?? "all";

const steps = [
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  ["types", "tsc", ["-p", "tsconfig.json"]],
  ["types of the pages", "tsc", ["-p", "src/console/web/tsconfig.json"]],
  ["generated files", "node", ["scripts/generate.mjs", "--check"]],
];
if (process.env.SLUICE_AUDIT)
  steps.push(["what the registry says of packages", "node", ["scripts/audit.mjs"]]);
let passed = 0;
let failed = 0;
const all = mode !== "check";
if (all) steps.push(["speed, against its floor", "node", ["test/bench/check.mjs"]]);

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

const projects = all ? ["--project=unit", "--project=end-to-end"] : ["--project=unit"];
const runs = [() => countedVitest(projects)];
if (all) {
  runs.push(() => chaosTests(process.env.SLUICE_CHAOS ?? "short"));
  runs.push(() => countedVitest(["--project=scale"]));
}
for (const tests of runs) {
  const counts = tests();
  passed += counts.passed;
  failed += counts.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
