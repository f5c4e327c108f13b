// Which files hold dead letters: those of a pipeline's `deadLetters`, or what a person points at.

import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";

import { isMap } from "../../config/stages.ts";
import type { LoadedPipeline } from "../../config/load.ts";
import { UsageError } from "../exit-code.ts";

/** A file of letters, as long as it was when it was found: what is added later is for the next run. */
export interface Segment {
  readonly path: string;
  /** As people know it: below the working directory if it is there. */
  readonly name: string;
  readonly bytes: number;
}

const EXTENSION = ".ndjson";

/** In the order of writing. None is no error: nothing was dead-lettered yet. */
export async function segmentsOfPipeline(pipeline: LoadedPipeline): Promise<Segment[]> {
  const path = deadLetterPath(pipeline);
  const found = path.endsWith("/") ? undefined : await look(path);
  if (path.endsWith("/") || found?.isDirectory()) return inFolder(path, (name) => name.endsWith(EXTENSION));
  const extension = extname(path);
  const stem = basename(path, extension);
  const isRotated = (name: string): boolean =>
    name.startsWith(`${stem}-`) &&
    name.endsWith(extension) &&
    /^\d{8}T\d{6}Z-\d{6,}$/.test(name.slice(stem.length + 1, name.length - extension.length));
  return inFolder(dirname(path), (name) => name === basename(path) || isRotated(name));
}

/** `paths`: files, or folders of segments. Throws UsageError for one that is not there. */
export async function segmentsAt(paths: readonly string[]): Promise<Segment[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      const found = await look(path);
      if (!found) throw new UsageError(`--from: there is no ${path}`);
      if (found.isDirectory()) return inFolder(path, (name) => name.endsWith(EXTENSION));
      return [segment(path, found.size)];
    }),
  );
  const byPath = new Map(lists.flat().map((one) => [one.path, one]));
  return [...byPath.values()];
}

/** Absolute; ends with a slash for a folder. Throws UsageError when the letters are not in files. */
export function deadLetterPath({ deadLetters, baseDir, file }: LoadedPipeline): string {
  const { config, definition } = deadLetters;
  const path = isMap(config) ? config["path"] : undefined;
  if (definition.type !== "file" || typeof path !== "string")
    throw new UsageError(
      `The dead letters of ${file} go to ${definition.type}, not to files. Save them to a file, one per line, and give that with --from.`,
    );
  return resolve(baseDir, path) + (path.endsWith("/") ? "/" : "");
}

async function inFolder(folder: string, wanted: (name: string) => boolean): Promise<Segment[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isFile() && wanted(entry.name)).map(({ name }) => name);
  // Names sort in the order of writing.
  const sorted = names.sort((a, b) => (a < b ? -1 : 1));
  return Promise.all(
    sorted.map(async (name) => segment(join(folder, name), (await stat(join(folder, name))).size)),
  );
}

function segment(path: string, bytes: number): Segment {
  const absolute = resolve(path);
  const below = relative("", absolute);
  return { path: absolute, name: below.startsWith("..") ? absolute : below, bytes };
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
