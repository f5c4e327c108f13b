// How a file is known again in a later run: size, time of change, and a hash of its head; an object of Cloud Storage by its
// size and its generation, which changes whenever it is written.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

import type { InputFile } from "./find-inputs.ts";

export interface FileIdentity {
  readonly bytes: number;
  readonly mtimeMs?: number;
  /** SHA-256 of the first 64 KiB, hex. */
  readonly head?: string;
  /** Of an object, in place of both. */
  readonly generation?: string;
}

const HEAD_BYTES = 64 * 1024;

export async function identify(input: InputFile): Promise<FileIdentity> {
  if (input.object) return { bytes: input.bytes, generation: input.object.generation };
  const handle = await open(input.path, "r");
  try {
    const head = Buffer.alloc(Math.min(HEAD_BYTES, input.bytes));
    let filled = 0;
    while (filled < head.length) {
      const { bytesRead } = await handle.read(head, filled, head.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const hash = createHash("sha256").update(head.subarray(0, filled)).digest("hex");
    return { bytes: input.bytes, mtimeMs: input.mtimeMs, head: hash };
  } finally {
    await handle.close();
  }
}

/** What differs, in words; undefined when it is the same file. */
export function difference(before: FileIdentity, now: FileIdentity): string | undefined {
  if (before.bytes !== now.bytes) return `it had ${before.bytes} bytes and has ${now.bytes} now`;
  if (before.generation !== now.generation) return "it was written again since (another generation)";
  if (before.mtimeMs !== now.mtimeMs)
    return `it was last written ${isoTime(before.mtimeMs)} then and ${isoTime(now.mtimeMs)} now`;
  if (before.head !== now.head) return "its first bytes are other ones";
  return undefined;
}

function isoTime(ms: number | undefined): string {
  return ms === undefined ? "at another time" : new Date(ms).toISOString();
}
