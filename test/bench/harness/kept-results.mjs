// Figures that were taken, one file a benchmark (`results/NAME.json`), with machine, date and commit of their own; and
// RESULTS.md, which is written from all of them. So one benchmark can be run again without the others.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { markdownOf } from "./report.mjs";

const FOLDER = new URL("../results/", import.meta.url);
const RESULTS = fileURLToPath(new URL("../RESULTS.md", import.meta.url));

/** `files`: { name: text }, pictures that the benchmark drew; they are kept beside the figures. */
export async function keep({ name, report: { files = {}, ...report }, ...rest }) {
  await mkdir(FOLDER, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(new URL(file, FOLDER), text);
  await writeFile(new URL(`${name}.json`, FOLDER), `${JSON.stringify({ name, ...rest, report })}\n`);
}

/** Of the benchmarks `names`, those that were ever run. Yields the path of RESULTS.md. */
export async function writeResults(names) {
  const kept = names
    .map((name) => new URL(`${name}.json`, FOLDER))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")));
  await writeFile(RESULTS, markdownOf(kept));
  return RESULTS;
}
