// Which files a run reads, and in which order: the same list for the same folder, whatever the file system says.

import { stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";

import { glob } from "tinyglobby";

import { RunError } from "../../engine/errors.ts";
import type { ObjectInfo } from "./cloud-storage.ts";

export interface InputFile {
  /** Absolute. */
  readonly path: string;
  /** The path below the base folder, with forward slashes; absolute for a file outside. Part of every id. */
  readonly name: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Only what begins in these bytes of it is to be read; undefined: all. */
  readonly part?: ByteRange | undefined;
  /** Set when it lies in Cloud Storage. */
  readonly object?: ObjectInfo | undefined;
}

/** Finds the objects of a `gs://` pattern. */
export type FindObjects = (pattern: string) => Promise<InputFile[]>;

/** How it is called in a checkpoint and in the log. */
export function labelOf({ name, part }: InputFile): string {
  return part ? `${name}@${part.from}-${part.to}` : name;
}

/** How much of it is to be read. */
export function bytesOf({ bytes, part }: InputFile): number {
  return part ? part.to - part.from : bytes;
}

/** `from` up to, not with, `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The files that match, each once, ordered by their absolute path character by character. A pattern is a glob, a
 * file's own name (brackets and all), or a folder, which stands for every file below it that is not hidden.
 * Throws RunError `no-files` for a pattern that matches nothing: a typing error must not look like an empty input.
 */
export async function findInputs(
  patterns: readonly string[],
  baseDir: string,
  findObjects: FindObjects,
): Promise<InputFile[]> {
  const files = new Map<string, InputFile>();
  for (const pattern of patterns) {
    const isObject = pattern.startsWith("gs://");
    const found = isObject ? await findObjects(pattern) : await findFiles(pattern, baseDir);
    if (found.length === 0) throw noFiles(pattern, isObject ? undefined : baseDir);
    for (const file of found) files.set(file.path, file);
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function findFiles(pattern: string, baseDir: string): Promise<InputFile[]> {
  const paths = await matches(pattern, baseDir);
  return Promise.all(paths.map((path) => describe(resolve(path), baseDir)));
}

async function matches(pattern: string, baseDir: string): Promise<string[]> {
  const literal = resolve(baseDir, pattern);
  if (await isFile(literal)) return [literal];
  return glob(pattern, { cwd: baseDir, absolute: true, onlyFiles: true });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // Not there, or not to be seen: then it is a pattern, and `no-files` says what was looked for.
    return false;
  }
}

function noFiles(pattern: string, baseDir: string | undefined): RunError {
  const where = baseDir === undefined || isAbsolute(pattern) ? "" : ` below ${baseDir}`;
  return new RunError(
    "no-files",
    `No file matches ${JSON.stringify(pattern)}${where}. Check the path, and quote a glob on a command line so that the shell leaves it alone.`,
  );
}

async function describe(path: string, baseDir: string): Promise<InputFile> {
  const { size, mtimeMs } = await stat(path);
  return { path, name: nameBelow(path, baseDir), bytes: size, mtimeMs };
}

function nameBelow(path: string, baseDir: string): string {
  const below = relative(baseDir, path);
  const outside = below === "" || below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below);
  return (outside ? path : below).split(sep).join("/");
}
