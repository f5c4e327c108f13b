// Bundles the console's pages into dist/console/web: hashed names, and a .gz beside what is worth it. The server reads
// the folder once; nothing is compressed or looked up on the disk for a request.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "vite";

const root = fileURLToPath(new URL("../src/console/web", import.meta.url));
const outDir = resolve("dist/console/web");
const WORTH_IT_BYTES = 512;

await build({
  root,
  configFile: false,
  base: "/",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    // Browsers that need it are older than the language level above.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
});

for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(?:html|js|css|svg)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  if (bytes.length >= WORTH_IT_BYTES) writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
