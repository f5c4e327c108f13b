// Delivery under faults, in the long form; ends with one line: `N passed, N failed`. With SLUICE_CHAOS_WRITE=1 the
// results table is written to test/chaos/RESULTS.md.
// SLUICE_CHAOS_ROWS=<pattern of names> runs only those rows of the matrix, and writes only their lines anew.
// SLUICE_CHAOS_ADD=<folder> runs nothing: lines of runs that were made with SLUICE_CHAOS_RESULTS=<folder> take their place in the table.
// SLUICE_CHAOS=short, SLUICE_CHAOS_KILLS=500, SLUICE_CHAOS_SOAK_MINUTES=45 and SLUICE_CHAOS_SEED=… change the run.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

import { chaosTests } from "./chaos-tests.mjs";

const form = process.env.SLUICE_CHAOS ?? "long";
const HEADER = `| row | fault | injected | events | lost | again | back in | took | seed |
|---|---|---|--:|--:|--:|--:|--:|--:|
`;
const RESULTS = "test/chaos/RESULTS.md";
const rows = process.env.SLUICE_CHAOS_ROWS;
const added = process.env.SLUICE_CHAOS_ADD;
if (added !== undefined) {
  writeFileSync(RESULTS, withLines(readFileSync(RESULTS, "utf8"), made(added)));
  process.exit();
}
const { passed, failed, results } = chaosTests(form, rows);
if (process.env.SLUICE_CHAOS_WRITE === "1")
  writeFileSync(RESULTS, rows === undefined ? table() : mended(readFileSync(RESULTS, "utf8")));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function table() {
  const sorted = results.sort((a, b) => order(a.row) - order(b.row) || a.fault.localeCompare(b.fault));
  const machine = `${cpus().length} cores, Node ${process.versions.node}`;
  return `# Delivery under faults

Made by \`SLUICE_CHAOS_WRITE=1 make chaos\` on ${new Date().toISOString().slice(0, 10)} (${form} form, ${machine}); not to be edited.
${passed} tests passed, ${failed} failed.

- *lost*: acknowledged, and neither delivered nor dropped by a rule nor in the dead letters.
- *again*: deliveries beyond the first, which Segment collapses by their messageId, of how many the fault explains.
- *back in*: from the end of the fault to the arrival of a fresh event.
- *took*: the whole test, on a machine that ran others beside it. A row of the matrix is made for 20 s at most.
- *seed*: \`SLUICE_CHAOS_SEED=<seed>\` repeats the run.

${HEADER}${sorted.map(line).join("\n")}
`;
}

/** The table as it was, but for the rows that ran now, and a sentence that says so. */
function mended(text) {
  const day = new Date().toISOString().slice(0, 10);
  const which = [...new Set(results.map(({ row }) => row))].sort((a, b) => order(a) - order(b)).join(", ");
  const again = `Of rows ${which}, ${results.length} were run again on ${day}: ${passed} passed, ${failed} failed.`;
  const [head, old] = withLines(text, results).split(HEADER);
  return `${head.trimEnd()}\n\n${again}\n\n${HEADER}${old}`;
}

function withLines(text, more) {
  const [head, old] = text.split(HEADER);
  const nameOf = (row) => row.split(" | ").slice(0, 2).join(" | ");
  const byName = new Map(old.split("\n").flatMap((row) => (row === "" ? [] : [[nameOf(row), row]])));
  for (const result of more) byName.set(nameOf(line(result)), line(result));
  const sorted = [...byName.values()].sort(
    (a, b) => order(a.split(" ")[1]) - order(b.split(" ")[1]) || a.localeCompare(b),
  );
  return `${head}${HEADER}${sorted.join("\n")}\n`;
}

/** What went wrong left no line: a test records its run when all that it asks of it is true. */
function made(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

function line({ row, fault, injected, seed, verdict, recoveredMs, tookMs, note, leftOut }) {
  if (leftOut !== undefined) return `| ${row} | ${fault} | **left out**: ${leftOut} | | | | | | |`;
  const seconds = (ms) => (ms === undefined ? "" : `${(ms / 1000).toFixed(1)} s`);
  const again =
    verdict.duplicatesAllowed === 0 ? "0" : `${verdict.duplicates} of ${verdict.duplicatesAllowed}`;
  const what = note === undefined ? injected : `${injected}; ${note}`;
  return `| ${[row, fault, what, verdict.issued, verdict.lost, again, seconds(recoveredMs), seconds(tookMs), seed].join(" | ")} |`;
}

function order(row) {
  return /^\d+$/.test(row) ? Number(row) : 100;
}
