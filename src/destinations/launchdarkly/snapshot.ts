// The last good answer of LaunchDarkly, on disk: a restart while LaunchDarkly is away goes on with it.

import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

import { isObject } from "../../events/envelope.ts";
import type { EnvironmentSwitches } from "./read-switches.ts";

export interface Snapshot {
  /** Wall clock, Unix milliseconds: when LaunchDarkly said so. */
  readonly takenAtMs: number;
  readonly environments: readonly EnvironmentSwitches[];
}

const FORMAT = 1;

/** Whole or not at all: a crash in the middle leaves the one before. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.tmp`, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify({ format: FORMAT, ...snapshot }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
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
