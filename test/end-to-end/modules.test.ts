// What a command loads is most of the time it takes to start. Times differ between machines; this does not.

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { pipelineYaml, start, town } from "../support/program.ts";
import { tempFolder } from "../support/temp-folder.ts";

const DIST = new URL("../../dist/", import.meta.url);
const TRACE = new URL("../support/trace-modules.mjs", import.meta.url).href;

interface Loaded {
  /** Names of packages that were read from `node_modules`. */
  readonly packages: readonly string[];
  /** Of each module of ours, by itself or in a file of several: its path below `dist`. */
  readonly own: readonly string[];
}

async function loadedBy(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Loaded> {
  const file = join(await tempFolder(), "modules.txt");
  const program = start(args, { cwd, env: { ...env, TRACE_MODULES: file }, node: ["--import", TRACE] });
  expect(await program.exit, program.output.stderr).toBe(0);
  const text = await readFile(file, "utf8");
  const packages = [...text.matchAll(/node_modules\/((?:@[^/]+\/)?[^/\n]+)\/(?!.*node_modules\/)/g)];
  const own = [...text.matchAll(/\/dist\/([^\n]+)/g)].map(([, path = ""]) => path);
  const names = (found: readonly string[]) => [...new Set(found)].sort();
  const modules = await Promise.all(own.map(modulesIn));
  return { packages: names(packages.map(([, name = ""]) => name)), own: names(modules.flat()) };
}

/** A bundle's source map tells what it consists of; one that only passes names on has none. */
async function modulesIn(path: string): Promise<string[]> {
  if (!path.startsWith("bundled/")) return [path];
  if (!existsSync(new URL(`${path}.map`, DIST))) return [];
  const { sources } = JSON.parse(await readFile(new URL(`${path}.map`, DIST), "utf8")) as {
    sources: string[];
  };
  return sources.map((source) => source.replace(/^\.\.\//, ""));
}

const NETWORK = ["@google-cloud/pubsub", "@grpc/grpc-js", "undici", "fastify", "lmdb"];
const EXPRESSIONS = ["@marcbachmann/cel-js", "re2js"];

it("--help loads no package and no stage", async () => {
  const { packages, own } = await loadedBy(["--help"], await tempFolder());
  expect(packages).toEqual([]);
  expect(own.filter((path) => !/^(main|program|packages\/yargs|commands\/|config\/)/.test(path))).toEqual([]);
});

it("validate loads definitions of stages and nothing that does their work", async () => {
  const world = await town(["production"]);
  await writeFile(join(world.folder, "p.yaml"), pipelineYaml());
  const { packages, own } = await loadedBy(["validate", "p.yaml"], world.folder, world.env);
  expect(packages).toEqual(["avsc", "fastest-levenshtein"]);
  expect(own).toContain("sources/pubsub/pubsub.js");
  expect(
    own.filter((path) => /^(engine\/(run|pipeline|lane)|sources\/pubsub\/source|console)/.test(path)),
  ).toEqual([]);
});

it("a backfill into a file loads neither network nor expressions", async () => {
  const world = await town(["production"]);
  await writeFile(join(world.folder, "p.yaml"), pipelineYaml());
  await writeFile(join(world.folder, "in.ndjson"), "");
  const args = ["backfill", "p.yaml", "--from", "in.ndjson", "--to", "file:out.ndjson"];
  const { packages } = await loadedBy(args, world.folder, world.env);
  expect(packages).toContain("highland");
  for (const heavy of [...NETWORK, ...EXPRESSIONS]) expect(packages).not.toContain(heavy);
});

it("a run without a store loads neither store, console, expressions nor Google's client", async () => {
  const world = await town(["production"]);
  await writeFile(join(world.folder, "p.yaml"), pipelineYaml());
  const file = join(world.folder, "modules.txt");
  const env = { ...world.env, TRACE_MODULES: file };
  const program = start(["run", "p.yaml"], { cwd: world.folder, env, node: ["--import", TRACE] });
  await program.says("running");
  program.child.kill("SIGTERM");
  await program.exit;
  const text = await readFile(file, "utf8");
  for (const needed of ["@grpc/grpc-js", "undici"]) expect(text).toContain(`node_modules/${needed}/`);
  for (const heavy of ["@google-cloud/pubsub", "fastify", "lmdb", ...EXPRESSIONS])
    expect(text).not.toContain(`node_modules/${heavy}/`);
});
