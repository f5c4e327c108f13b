// The modules of the command line in few files: `dist/main.js` imports `dist/bundled`, where what is always loaded together
// is one file, and what a command loads when it runs stays apart. Reading two hundred small files, one after the other, was a
// tenth of the time to the first event. The modules as they were compiled stay beside it: threads start from them.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { rolldown } from "rolldown";

const DIST = resolve("dist");
const MAIN = "dist/main.js";
/** What the compiler made of `src/main.ts`. */
const PROGRAM = "dist/program.js";
const FOLDER = "dist/bundled";
/** What checks a definition, which most commands do, and what `sluice run` imports besides: a file each. */
const CHECK = [
  "commands/pipeline-files.js",
  "config/validate.js",
  "config/outside.js",
  "config/declared.js",
  "registry.js",
];
const RUN = ["commands/run/run-pipelines.js"];
const STUB = `#!/usr/bin/env node
import "./bundled/main.js";
`;

export async function bundleProgram() {
  // The compiler writes it anew only when it changed.
  if (readFileSync(MAIN, "utf8") !== STUB) {
    renameSync(MAIN, PROGRAM);
    if (existsSync(`${MAIN}.map`)) renameSync(`${MAIN}.map`, `${PROGRAM}.map`);
    writeFileSync(MAIN, STUB);
  }
  rmSync(FOLDER, { recursive: true, force: true });
  const bundle = await rolldown({
    input: { main: PROGRAM },
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
    logLevel: "warn",
    preserveEntrySignatures: false,
    plugins: [{ name: "places", transform: inPlace }],
  });
  const atOnce = withImports(PROGRAM);
  // It waits for the command, which imports some of these.
  atOnce.delete(resolve(PROGRAM));
  const [checks, runs] = [CHECK, RUN].map((files) => {
    const found = new Set();
    for (const file of files) withImports(join(DIST, file), found);
    return found;
  });
  const groups = [
    { name: "program", priority: 3, test: (id) => atOnce.has(id) },
    { name: "check", priority: 2, test: (id) => checks.has(id) },
    { name: "run", priority: 1, test: (id) => runs.has(id) },
  ];
  await bundle.write({
    dir: FOLDER,
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    sourcemap: true,
    codeSplitting: { includeDependenciesRecursively: false, groups },
  });
}

/** The absolute paths of a compiled module of ours and of all that it imports statically. */
function withImports(file, found = new Set()) {
  const path = resolve(file);
  if (found.has(path)) return found;
  found.add(path);
  for (const [, name] of readFileSync(path, "utf8").matchAll(
    /^(?:import|export) (?:[^;]*? from )?"(\.[^"]+)";$/gm,
  ))
    withImports(join(dirname(path), name), found);
  return found;
}

/** A module finds its files and its threads from where it was compiled to. */
function inPlace(code, id) {
  if (!code.includes("import.meta.url") || !id.startsWith(DIST)) return null;
  const place = JSON.stringify(relative(resolve(FOLDER), id));
  // The lines stay where they are, and so does their source map.
  return { code: code.replaceAll("import.meta.url", `new URL(${place}, import.meta.url).href`), map: null };
}
