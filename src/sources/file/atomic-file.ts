// A file that is there whole or not at all, also after a crash of the machine: written aside, fsynced, renamed, and the
// folder fsynced. One writer at a time; `createAtomically` also has many, of which one wins.

import { randomUUID } from "node:crypto";
import { link, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";

export async function writeAtomically(directory: string, name: string, text: string): Promise<void> {
  const aside = join(directory, `${name}.new`);
  await writeSynced(aside, text);
  await rename(aside, join(directory, name));
  await syncFolder(directory);
}

/** False: somebody else has made it. */
export async function createAtomically(directory: string, name: string, text: string): Promise<boolean> {
  const aside = join(directory, `${name}.${randomUUID()}`);
  await writeSynced(aside, text);
  try {
    await link(aside, join(directory, name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(aside);
  }
  await syncFolder(directory);
  return true;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
