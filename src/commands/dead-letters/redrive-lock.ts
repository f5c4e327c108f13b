// One redrive at a time on a folder of letters: two would send the same ones.

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Clock } from "../../engine/clock.ts";
import { StateLock } from "../../sources/file/state-lock.ts";
import type { Segment } from "./find-segments.ts";

/** Beside the letters. */
export const LOCK_FOLDER = ".redrive";

/** Returns what lets go. Throws RunError `state-locked`. */
export async function lockFolders(segments: readonly Segment[], clock: Clock): Promise<() => Promise<void>> {
  const folders = [...new Set(segments.map(({ path }) => join(dirname(path), LOCK_FOLDER)))].sort();
  const locks: StateLock[] = [];
  const release = async () => {
    for (const lock of locks.splice(0)) await lock.release();
  };
  try {
    for (const folder of folders) {
      await mkdir(folder, { recursive: true });
      locks.push(await StateLock.take(folder, clock));
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}
