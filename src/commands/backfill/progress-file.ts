// How far a backfill is, for others to read: a file beside its checkpoint, written while things move and at the end.
//
// It counts what was done, over all runs: after a crash what was done twice is counted twice, as it was sent twice. What is
// settled is the checkpoint's business.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../../engine/clock.ts";
import type { Logger } from "../../engine/contracts.ts";
import type { Metrics } from "../../engine/metrics.ts";
import { writeAtomically } from "../../sources/file/atomic-file.ts";
import { type Reading, readingOf } from "./progress.ts";

export interface SavedProgress extends Reading {
  readonly version: typeof VERSION;
  /** Of the last run. "running" is what it says of itself until it ends; a process that was killed says so for ever. */
  readonly state: "running" | "done" | "stopped" | "failed";
  readonly eventsPerSecond: number;
  /** When anything last moved, ISO 8601. */
  readonly movedAt: string;
}

const FILE = "progress.json";
const VERSION = 1;
const EVERY_MS = 2_000;

/** States: waiting, until the source has its files and the lock of the folder -> writing -> ended. */
export class ProgressFile {
  private before: Reading | undefined;
  private last: Reading = NOTHING;
  private movedAtMs: number;
  private cancel: () => void = () => {};
  private writing: Promise<void> = Promise.resolve();
  private isFailing = false;

  constructor(
    private readonly directory: string,
    private readonly metrics: Metrics,
    private readonly world: { readonly log: Logger; readonly clock: Clock },
  ) {
    this.movedAtMs = world.clock.wallMs();
  }

  start(): void {
    this.cancel = this.world.clock.after(EVERY_MS, () => {
      this.writing = this.write("running");
      this.start();
    });
  }

  async end(state: SavedProgress["state"]): Promise<void> {
    this.cancel();
    await this.writing;
    await this.write(state);
  }

  private async write(state: SavedProgress["state"]): Promise<void> {
    // A run that was refused, as another has the folder, must not write over what that one says.
    if (this.metrics.samples("backfill_files_total").length === 0) return;
    try {
      this.before ??= (await readProgress(this.directory)) ?? NOTHING;
      await writeAtomically(
        this.directory,
        FILE,
        `${JSON.stringify(this.turn(state, this.before), null, 1)}\n`,
      );
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.world.log.warn({ err: error }, "progress cannot be written for --status; the run goes on");
      this.isFailing = true;
    }
  }

  private turn(state: SavedProgress["state"], before: Reading): SavedProgress {
    const now = readingOf(this.metrics);
    const eventsPerSecond =
      state === "running" ? Math.round((now.read - this.last.read) / (EVERY_MS / 1000)) : 0;
    if (JSON.stringify(now) !== JSON.stringify(this.last)) this.movedAtMs = this.world.clock.wallMs();
    this.last = now;
    const movedAt = new Date(this.movedAtMs).toISOString();
    return { version: VERSION, state, ...sum(before, now), eventsPerSecond, movedAt };
  }
}

/** Undefined: nothing was written yet, or by another version. */
export async function readProgress(directory: string): Promise<SavedProgress | undefined> {
  try {
    const saved = JSON.parse(await readFile(join(directory, FILE), "utf8")) as SavedProgress;
    return saved.version === VERSION ? saved : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const NOTHING: Reading = {
  bytes: 0,
  total: 0,
  files: 0,
  filesDone: 0,
  read: 0,
  delivered: 0,
  dropped: 0,
  deadLettered: 0,
};

/** Events of all runs; bytes and files are of the whole in each. */
function sum(before: Reading, { bytes, total, files, filesDone, ...events }: Reading): Reading {
  return {
    ...{ bytes, total, files, filesDone },
    read: before.read + events.read,
    delivered: before.delivered + events.delivered,
    dropped: before.dropped + events.dropped,
    deadLettered: before.deadLettered + events.deadLettered,
  };
}
