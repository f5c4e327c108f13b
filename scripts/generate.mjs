// Writes the files that are made from the definitions: `node scripts/generate.mjs`, after a build.
// With --check nothing is written; stale files are named and the exit code is 1.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { exampleFiles } from "../dist/commands/deploy/examples.js";
import { generatedFiles, README } from "../dist/config/generate.js";
import { registry } from "../dist/registry.js";

const root = new URL("../", import.meta.url);
const check = process.argv.includes("--check");

function read(path) {
  try {
    return readFileSync(new URL(path, root), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

let stale = 0;
process.chdir(new URL(".", root).pathname);
const files = [...generatedFiles(registry, read(README) ?? ""), ...(await exampleFiles())];
for (const [path, content] of files) {
  if (read(path) === content) continue;
  stale += 1;
  if (check) console.error(`${path} is stale; run: make docs`);
  else {
    mkdirSync(dirname(fileURLToPath(new URL(path, root))), { recursive: true });
    writeFileSync(new URL(path, root), content);
    console.log(`wrote ${path}`);
  }
}
if (check && stale > 0) process.exitCode = 1;
