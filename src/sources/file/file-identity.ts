// How a file is known again in a later run: size, time of change, and a hash of its head.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

import type { InputFile } from "./find-inputs.ts";

export interface FileIdentity {
  readonly bytes: number;
  readonly mtimeMs: number;
  /** SHA-256 of the first 64 KiB, hex. */
  readonly head: string;
}

const HEAD_BYTES = 64 * 1024;

export async function identify(input: InputFile): Promise<FileIdentity> {
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
  if (before.mtimeMs !== now.mtimeMs)
    return `it was last written ${isoTime(before.mtimeMs)} then and ${isoTime(now.mtimeMs)} now`;
  if (before.head !== now.head) return "its first bytes are other ones";
  return undefined;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
