// Makes the command line runnable: packages and the program in few files, the executable bit, and `npx sluice` inside a clone.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";

import { bundlePackages } from "./bundle-packages.mjs";
import { bundleProgram } from "./bundle-program.mjs";

await bundlePackages();
await bundleProgram();

chmodSync("dist/main.js", 0o755);
if (existsSync("node_modules")) {
  mkdirSync("node_modules/.bin", { recursive: true });
  rmSync("node_modules/.bin/sluice", { force: true });
  symlinkSync("../../dist/main.js", "node_modules/.bin/sluice");
}
