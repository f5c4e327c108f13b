// Writes what a template gives. A file that is there is never overwritten, and then nothing is written at all.

import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { UsageError } from "../exit-code.ts";

export interface Scaffold {
  /** Path from the working directory -> text. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are there and change. */
  readonly changes: ReadonlyMap<string, string>;
  /** What to do next, a line each. */
  readonly next: readonly string[];
}

/** What to tell the person. Throws UsageError when one of the files is there already. */
export async function writeFiles({ files, changes, next }: Scaffold): Promise<string[]> {
  for (const path of files.keys()) {
    if (await exists(path)) throw new UsageError(`${path} is there already; choose another name`);
  }
  const said: string[] = [];
  for (const [path, text] of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: "wx" });
    said.push(`wrote ${path}`);
  }
  for (const [path, text] of changes) {
    await writeFile(path, text);
    said.push(`changed ${path}`);
  }
  return [...said, "", "Next:", ...next.map((line) => `  ${line}`)];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // Whatever else keeps it from being seen, writing will say.
  }
}
