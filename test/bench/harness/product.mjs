// The build under measurement. Every process of a benchmark takes it from here, so that another build (an earlier
// commit in a worktree, say) can be measured in place of the working tree's: SLUICE_BENCH_ROOT names its folder.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = resolve(
  process.env["SLUICE_BENCH_ROOT"] ?? fileURLToPath(new URL("../../../", import.meta.url)),
);
export const mainScript = join(root, "dist/main.js");
export const exportSchema = join(root, "schemas/launchdarkly/export-event.avsc");

if (!existsSync(mainScript)) throw new Error(`${mainScript} is missing: run \`make build\` first`);

/** A module of the build, for example `load("engine/run.js")`. */
export function load(path) {
  return import(pathToFileURL(join(root, "dist", path)).href);
}
