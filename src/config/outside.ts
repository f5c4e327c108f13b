// What a load reads from outside, passed in: the environment and files. Tests give their own.

import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** Opening a pipe must not wait for someone to write to it. */
const NON_BLOCKING_READ = constants.O_RDONLY | constants.O_NONBLOCK;

export interface Outside {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
}

/**
 * The bytes of a regular file of at most `maxBytes`. Throws FileTooLarge, or an error whose `code` is that of
 * the file system (`ENOENT`, `EACCES`, `EISDIR`).
 */
export type ReadFile = (path: string, maxBytes: number) => Promise<Uint8Array>;

export class FileTooLarge extends Error {
  override readonly name = "FileTooLarge";
  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(`${bytes} bytes, at most ${maxBytes} are read`);
  }
}

/** Refuses pipes and devices, which could hand out bytes for ever or none at all. */
export const readRegularFile: ReadFile = async (path, maxBytes) => {
  const file = await open(path, NON_BLOCKING_READ);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    if (!stats.isFile()) throw Object.assign(new Error("not a regular file"), { code: "EINVAL" });
    if (stats.size > maxBytes) throw new FileTooLarge(stats.size, maxBytes);
    const bytes = await file.readFile();
    if (bytes.length > maxBytes) throw new FileTooLarge(bytes.length, maxBytes);
    return bytes;
  } finally {
    await file.close();
  }
};

export function realOutside(env: Outside["env"]): Outside {
  return { env, readFile: readRegularFile };
}

/** Why a file could not be read, in words. */
export function readFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return failures[code] ?? (code === "" ? "it cannot be read" : `it cannot be read (${code})`);
}

const failures: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  EINVAL: "it is not a regular file",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
};
