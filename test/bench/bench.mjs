// The benchmarks: `node test/bench/bench.mjs [NAME…] [--write] [--quick] [--repeats N] [--against REV]`. `make bench` runs
// all and writes RESULTS.md; `make bench NAME=…` runs one and prints.
//
//   --write    keeps the figures of what was run in results/NAME.json, and writes RESULTS.md anew from all that are kept
//   --quick    small inputs, for trying out a change; no figures to quote
//   --repeats  measured rounds of each comparison (3: all benchmarks together then take some 22 minutes)
//   --against  a revision to build and compare with, in turns, where a benchmark can
//
// A benchmark is a file of `benchmarks/` that exports `summary` and `run(options)`; see harness/report.mjs for what
// it yields. What is measured, and each server, is a process of its own.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { keep, writeResults } from "./harness/kept-results.mjs";
import { machineLines } from "./harness/machine.mjs";
import { textOf } from "./harness/report.mjs";

const NAMES = readdirSync(fileURLToPath(new URL("./benchmarks/", import.meta.url)))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.slice(0, -".mjs".length))
  .sort();

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    repeats: { type: "string" },
    against: { type: "string" },
  },
});

function usage(problem) {
  console.error(`${problem}\nbenchmarks: ${NAMES.join(", ")}`);
  process.exit(2);
}

const repeats = Number(options.repeats ?? (options.quick ? 1 : 3));
if (!Number.isInteger(repeats) || repeats < 1) usage("--repeats takes a whole number above 0");
const unknown = positionals.find((name) => !NAMES.includes(name));
if (unknown !== undefined) usage(`there is no benchmark ${unknown}`);
if (options.write && (options.quick || options.against))
  usage("--write keeps figures in full size, of this revision");

const machine = machineLines();
console.log(machine.map(([what, value]) => `${what}: ${value}`).join("\n"));
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const { summary, run } = await import(`./benchmarks/${name}.mjs`);
  const startedAt = performance.now();
  console.log(`\n${name}: ${summary}\n`);
  const say = (text) => process.stderr.write(`  ${text}\n`);
  const report = await run({ quick: options.quick, repeats, say, against: options.against });
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`\n${textOf(name, report)}\n\n(${seconds} s)`);
  if (options.write) await keep({ name, summary, machine: machineLines(), seconds, report });
}
if (options.write) console.log(`\nwrote ${await writeResults(NAMES)}`);
