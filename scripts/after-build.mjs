// Makes the command line runnable: packages in one file each, the executable bit, and `npx sluice` inside a clone.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";

import { bundlePackages } from "./bundle-packages.mjs";

await bundlePackages();

chmodSync("dist/main.js", 0o755);
if (existsSync("node_modules")) {
  mkdirSync("node_modules/.bin", { recursive: true });
  rmSync("node_modules/.bin/sluice", { force: true });
  symlinkSync("../../dist/main.js", "node_modules/.bin/sluice");
}
