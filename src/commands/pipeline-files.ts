// The pipelines that a command line names: files, folders, and patterns that the shell left alone.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import type { Outside } from "../config/outside.ts";
import type { LoadedPipeline } from "../config/load.ts";
import { kindOfFile } from "../config/validate.ts";
import { UsageError } from "./exit-code.ts";

/** Folders and patterns may hold more files than there are pipelines one process can run. */
const MOST_FILES = 1_000;
const YAML = /\.ya?ml$/;

export interface NamedPipelines {
  /** In the order given, each once; those of a folder or pattern by name. */
  readonly files: readonly string[];
  /** Whether a folder or pattern was given: other files may belong to it later. */
  readonly isOpen: boolean;
}

/**
 * A file stands for itself, there or not. A folder stands for the pipelines in it, a pattern for those that match:
 * destinations, enablement and tests beside them are left out. What cannot be read as YAML is taken for a pipeline, so
 * that loading it says what is wrong.
 */
export async function namedPipelines(given: readonly string[], outside: Outside): Promise<NamedPipelines> {
  const files = new Set<string>();
  let isOpen = false;
  for (const name of given) {
    const matching = await matches(name);
    if (!matching) {
      files.add(name);
      continue;
    }
    isOpen = true;
    for (const file of matching) if ((await kindOfFile(file, outside)) === "pipeline") files.add(file);
  }
  return { files: [...files], isOpen };
}

/** What pipelines count and keep goes by their names. Throws UsageError for two of one name. */
export function refuseSameNames(pipelines: readonly LoadedPipeline[]): void {
  for (const [i, { name, file }] of pipelines.entries()) {
    const other = pipelines.slice(0, i).find((one) => one.name === name);
    if (other)
      throw new UsageError(`${other.file} and ${file} are both called ${name}: give one another name`);
  }
}

/** Every YAML file that was named, of whatever kind. */
export async function namedFiles(given: readonly string[]): Promise<readonly string[]> {
  const all = await Promise.all(given.map(async (name) => (await matches(name)) ?? [name]));
  return [...new Set(all.flat())];
}

/** Undefined: it is a file's name. */
async function matches(name: string): Promise<readonly string[] | undefined> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isFile()) return undefined;
  const { escapePath, glob, isDynamicPattern } = await import("tinyglobby");
  if (!found?.isDirectory() && !isDynamicPattern(name)) return undefined;
  const pattern = found?.isDirectory() ? `${escapePath(name.replace(/\/+$/, ""))}/*` : name;
  const all = await glob(pattern, { onlyFiles: true, expandDirectories: false });
  return all
    .filter((file) => YAML.test(file))
    .sort()
    .slice(0, MOST_FILES);
}

/** The folders in which other files may come to belong to what was given. */
export async function foldersOf(given: readonly string[]): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const name of given) {
    const found = await stat(name).catch(() => undefined);
    if (found?.isFile()) continue;
    if (found?.isDirectory()) folders.push(resolve(name));
    else {
      const fixed = name.split("/").findIndex((part) => /[*?[{(!]/.test(part));
      if (fixed >= 0)
        folders.push(
          resolve(name.split("/").slice(0, fixed).join("/") || (name.startsWith("/") ? "/" : ".")),
        );
    }
  }
  return folders;
}
