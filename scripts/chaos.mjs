// The long form of the chaos tests. What shares the machine comes first, then the soak alone, so that its figures
// are its own. With SLUICE_CHAOS_WRITE=1 the results table is written to test/chaos/RESULTS.md.
// SLUICE_CHAOS=short, SLUICE_CHAOS_KILLS=500, SLUICE_CHAOS_SOAK_MINUTES=45 and SLUICE_CHAOS_SEED=… change the run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "sluice-chaos-results-"));
const env = { SLUICE_CHAOS: "long", ...process.env, SLUICE_CHAOS_RESULTS: folder };
let passed = 0;
let failed = 0;

function run(...args) {
  const report = join(folder, "report");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join("node_modules", ".bin", "vitest");
  const { status } = spawnSync(vitest, ["run", "--project", "chaos", ...args, ...reporters], {
    stdio: "inherit",
    env,
  });
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  passed += numPassedTests;
  failed += Math.max(numFailedTests, status === 0 ? 0 : 1);
}

run("test/chaos", "--exclude", "**/soak.test.ts");
run("test/chaos/soak.test.ts");
if (process.env.SLUICE_CHAOS_WRITE === "1") writeFileSync("test/chaos/RESULTS.md", table());
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function table() {
  const results = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")))
    .sort((a, b) => order(a.row) - order(b.row) || a.fault.localeCompare(b.fault));
  const form = env.SLUICE_CHAOS === "long" ? "long form" : "short form";
  const machine = `${cpus().length} cores, Node ${process.versions.node}`;
  return `# Delivery under faults

Made by \`SLUICE_CHAOS_WRITE=1 make chaos\` on ${new Date().toISOString().slice(0, 10)} (${form}, ${machine}); not to be edited.
${passed} tests passed, ${failed} failed. *Lost*: acknowledged, and neither delivered nor dropped by a rule nor in the dead
letters. *Duplicated*: deliveries beyond the first, which Segment collapses by their messageId, beside how many the
fault explains. *Recovered in*: from the end of the fault to the arrival of a fresh event. A seed repeats a run:
\`SLUICE_CHAOS_SEED=<seed>\`.

| row | fault | injected | events | lost | duplicated | recovered in | remarks | seed |
| --- | --- | --- | ---: | ---: | ---: | ---: | --- | ---: |
${results.map(line).join("\n")}
`;
}

function line({ row, fault, injected, seed, verdict, recoveredMs, note, leftOut }) {
  if (leftOut !== undefined) return `| ${row} | ${fault} | **left out** | | | | | ${leftOut} | |`;
  const recovered = recoveredMs === undefined ? "" : `${(recoveredMs / 1000).toFixed(1)} s`;
  const duplicated = `${verdict.duplicates} of ${verdict.duplicatesAllowed}`;
  const cells = [row, fault, injected, verdict.issued, verdict.lost, duplicated, recovered, note ?? "", seed];
  return `| ${cells.join(" | ")} |`;
}

function order(row) {
  return /^\d+$/.test(row) ? Number(row) : 100;
}
