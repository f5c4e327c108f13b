// The last good answer of LaunchDarkly, on disk: a restart while LaunchDarkly is away goes on with it.

import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { isObject } from "../../events/envelope.ts";
import type { EnvironmentSwitches } from "./read-switches.ts";

export interface Snapshot {
  /** Wall clock, Unix milliseconds: when LaunchDarkly said so. */
  readonly takenAtMs: number;
  readonly environments: readonly EnvironmentSwitches[];
}

const FORMAT = 1;

/** What a process left that died between writing and renaming; none takes so long in between. */
const LEFT_BEHIND_MS = 3_600_000;

/** Whole or not at all: a crash in the middle leaves the one before. Several processes may write; the last one counts. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeLeftBehind(path, snapshot.takenAtMs);
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(aside, "wx", 0o600);
    try {
      await file.writeFile(JSON.stringify({ format: FORMAT, ...snapshot }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function removeLeftBehind(path: string, nowMs: number): Promise<void> {
  const folder = dirname(path);
  const isAside = (name: string) => name.startsWith(`${basename(path)}.`) && name.endsWith(".tmp");
  for (const name of (await readdir(folder)).filter(isAside)) {
    const file = await stat(join(folder, name)).catch(ifGone);
    if (file && nowMs - file.mtimeMs > LEFT_BEHIND_MS) await rm(join(folder, name), { force: true });
  }
}

function ifGone(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

/** Undefined: there is none, or none that can be used. */
export async function readSnapshot(path: string): Promise<Snapshot | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isSnapshot(value) ? value : undefined;
  } catch {
    // Missing or damaged: LaunchDarkly is asked either way, and that is waited for then.
    return undefined;
  }
}

function isSnapshot(value: unknown): value is Snapshot & { format: number } {
  return (
    isObject(value) &&
    value["format"] === FORMAT &&
    typeof value["takenAtMs"] === "number" &&
    Array.isArray(value["environments"]) &&
    value["environments"].every(isEnvironment)
  );
}

function isEnvironment(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value["environment"] === "string" &&
    Array.isArray(value["flags"]) &&
    value["flags"].every((flag) => typeof flag === "string")
  );
}
