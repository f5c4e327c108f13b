// The crash-loop breaker's files, in a slot of the state directory that this process holds alone:
//
//   lock         as in sources/file/state-lock.ts: several processes of one pipeline take a slot each
//   life.json    there while the pipeline runs; what a start finds was left by a process that died
//   working-on   the id of the one value that is being worked on, as JSON text on the first line; else an empty line
//
// Nothing here may stop a pipeline: a directory that cannot be written means no breaker, and a warning.

import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { CrashGuard, type CrashStore, type LastLife } from "../engine/crash-loop.ts";
import { RunError } from "../engine/errors.ts";
import { StateLock } from "../sources/file/state-lock.ts";

/** Processes of one pipeline on one machine that have a breaker each. */
const MAX_SLOTS = 32;
const VERSION = 1;

export async function openCrashGuard(
  directory: string,
  world: { readonly clock: Clock; readonly log: Logger },
): Promise<CrashGuard | undefined> {
  try {
    const { folder, lock } = await takeSlot(directory, world.clock);
    const last = readLastLife(folder, world.log);
    return new CrashGuard(last, new CrashFiles(folder, lock, world.log, last), world);
  } catch (error) {
    world.log.warn(
      { directory, err: error },
      "the state directory cannot be used: a message that kills the process will not be found out; see --state",
    );
    return undefined;
  }
}

async function takeSlot(directory: string, clock: Clock): Promise<{ folder: string; lock: StateLock }> {
  for (let slot = 0; ; slot++) {
    const folder = join(directory, String(slot));
    await mkdir(folder, { recursive: true });
    try {
      return { folder, lock: await StateLock.take(folder, clock) };
    } catch (error) {
      const isTaken = error instanceof RunError && error.code === "state-locked";
      if (!isTaken || slot === MAX_SLOTS - 1) throw error;
    }
  }
}

class CrashFiles implements CrashStore {
  private descriptor: number | undefined;
  private readonly life: string;

  constructor(
    folder: string,
    private readonly lock: StateLock,
    private readonly log: Logger,
    last: LastLife | undefined,
  ) {
    this.life = join(folder, "life.json");
    this.saveSuspects(last?.deaths ?? new Map());
    this.descriptor = openSync(join(folder, "working-on"), "w");
  }

  /** A line that is shorter than the one before leaves its end behind it, where nobody looks. */
  workingOn(id: string | undefined): void {
    if (this.descriptor === undefined) return;
    try {
      writeSync(this.descriptor, id === undefined ? "\n" : `${JSON.stringify(id)}\n`, 0);
    } catch (error) {
      closeSync(this.descriptor);
      this.descriptor = undefined;
      this.log.warn({ err: error }, "the state directory cannot be written any more: the breaker is off");
    }
  }

  saveSuspects(deaths: ReadonlyMap<string, number>): void {
    try {
      writeFileSync(this.life, `${JSON.stringify({ version: VERSION, deaths: [...deaths] })}\n`);
    } catch (error) {
      this.log.warn({ err: error }, "the breaker's suspects cannot be saved");
    }
  }

  async end(): Promise<void> {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
    rmSync(this.life, { force: true });
    await this.lock.release();
  }
}

/** Undefined: the last process ended cleanly, or there was none. */
function readLastLife(folder: string, log: Logger): LastLife | undefined {
  const life = textOf(join(folder, "life.json"));
  if (life === undefined) return undefined;
  const line = textOf(join(folder, "working-on"))?.split("\n", 1)[0] ?? "";
  const id = parsed(line);
  return { workingOn: typeof id === "string" ? id : undefined, deaths: deathsIn(parsed(life), log) };
}

/** Suspects of another version are forgotten, not guessed at: at worst a value kills the process twice more. */
function deathsIn(value: unknown, log: Logger): Map<string, number> {
  const deaths = new Map<string, number>();
  const version = value !== null && typeof value === "object" && "version" in value ? value.version : VERSION;
  if (version !== VERSION) {
    log.warn({ format: version, reads: VERSION }, "another version of Sluice wrote the breaker's suspects");
    return deaths;
  }
  const list = value !== null && typeof value === "object" && "deaths" in value ? value.deaths : undefined;
  for (const entry of Array.isArray(list) ? (list as unknown[]) : []) {
    const [id, count] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof id === "string" && typeof count === "number") deaths.set(id, count);
  }
  return deaths;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Nothing was being worked on, or the process died while it wrote this: then it was not the value's fault.
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
