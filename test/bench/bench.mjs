// The benchmarks: `node test/bench/bench.mjs [NAME] [--write] [--quick] [--repeats N]`, or `make bench NAME=…`.
//
//   --write    also writes RESULTS.md (needs all benchmarks, so no NAME)
//   --quick    small inputs, for trying out a change; no figures to quote
//   --repeats  measured rounds of each comparison (5)
//   --against  a revision to build and compare with, where a benchmark can
//
// A benchmark is a file of `benchmarks/` that exports `summary` and `run(options)`; see harness/report.mjs for what
// it yields. What is measured, and each server, is a process of its own.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { machineLines } from "./harness/machine.mjs";
import { markdownOf, textOf } from "./harness/report.mjs";

const NAMES = ["engine", "live", "backfill", "backfill-http", "limiter", "memory", "stages"];
const RESULTS = fileURLToPath(new URL("./RESULTS.md", import.meta.url));

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

const repeats = Number(options.repeats ?? (options.quick ? 1 : 5));
if (!Number.isInteger(repeats) || repeats < 1) usage("--repeats takes a whole number above 0");
const unknown = positionals.find((name) => !NAMES.includes(name));
if (unknown !== undefined) usage(`there is no benchmark ${unknown}`);
if (options.write && (positionals.length > 0 || options.quick))
  usage("--write takes all benchmarks, in full size");

const machine = machineLines();
console.log(machine.map(([what, value]) => `${what}: ${value}`).join("\n"));
const results = [];
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const { summary, run } = await import(`./benchmarks/${name}.mjs`);
  console.log(`\n${name}: ${summary}\n`);
  const say = (text) => process.stderr.write(`  ${text}\n`);
  const report = await run({ quick: options.quick, repeats, say, against: options.against });
  console.log(`\n${textOf(name, report)}`);
  results.push({ name, summary, report });
}
if (options.write) {
  await writeFile(RESULTS, markdownOf(machine, results));
  console.log(`\nwrote ${RESULTS}`);
}
