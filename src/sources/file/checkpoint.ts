// What a later run needs to go on: for each file, who it was and up to where it is settled.
//
// State: open (lock held) -> saves follow changes, one at a time, at most one in `checkpointMs` -> closed (last save
// made, lock released). A save that fails is tried again with the next one: an old checkpoint only repeats work.
// The last one must succeed. A save is atomic: written aside, fsynced, renamed, directory fsynced.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { RunContext } from "../../engine/contracts.ts";
import { RunError, toError } from "../../engine/errors.ts";
import { writeAtomically } from "./atomic-file.ts";
import { difference, type FileIdentity, identify } from "./file-identity.ts";
import { FileProgress } from "./file-progress.ts";
import { type InputFile, labelOf } from "./find-inputs.ts";
import { StateLock } from "./state-lock.ts";

export interface CheckpointOptions {
  readonly directory: string;
  readonly checkpointMs: number;
  readonly configVersion: string | undefined;
  readonly force: boolean;
}

interface SavedFile extends FileIdentity {
  readonly position: number;
  readonly done: boolean;
}

interface Saved {
  readonly version: typeof VERSION;
  readonly pipeline: string;
  readonly configVersion?: string | undefined;
  readonly savedAt: string;
  readonly files: Readonly<Record<string, SavedFile>>;
}

export const CHECKPOINT_FILE = "checkpoint.json";
const VERSION = 1;

export class Checkpoint {
  private readonly files = new Map<string, SavedFile>();
  private readonly running = new Map<string, { identity: FileIdentity; progress: FileProgress }>();
  private cancelSave: (() => void) | undefined;
  private saving: Promise<void> = Promise.resolve();
  private failures = 0;

  private constructor(
    private readonly options: CheckpointOptions,
    private readonly context: RunContext,
    private readonly lock: StateLock,
  ) {}

  /** Throws RunError `state-locked`, `checkpoint-unreadable` or `config-changed`. */
  static async open(options: CheckpointOptions, context: RunContext): Promise<Checkpoint> {
    await mkdir(options.directory, { recursive: true });
    const lock = await StateLock.take(options.directory, context.clock);
    const checkpoint = new Checkpoint(options, context, lock);
    try {
      await checkpoint.load();
      return checkpoint;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Where to begin a file: undefined when it is done. Throws RunError `file-changed`; with force a changed file
   * begins again from its start.
   */
  async begin(input: InputFile, onMoved: () => void): Promise<FileProgress | undefined> {
    const identity = await identify(input);
    const label = labelOf(input);
    let saved = this.files.get(label);
    const changed = saved && difference(saved, identity);
    if (changed) {
      if (!this.options.force) throw fileChanged(input, changed);
      this.context.log.warn(
        { file: label },
        `file changed since the checkpoint (${changed}); forced to read it from its start`,
      );
      saved = undefined;
    }
    if (saved?.done) return undefined;
    const progress = new FileProgress(saved?.position ?? 0, () => {
      onMoved();
      this.saveLater();
    });
    this.running.set(label, { identity, progress });
    return progress;
  }

  /** The last save, then the lock. Throws RunError `checkpoint-failed`. */
  async close(): Promise<void> {
    this.cancelSave?.();
    this.cancelSave = undefined;
    await this.saving;
    try {
      await this.save();
    } catch (error) {
      throw new RunError(
        "checkpoint-failed",
        `The last checkpoint could not be saved to ${this.options.directory} (${toError(error).message}). The next run will send again what this one sent since the checkpoint before.`,
        { cause: error },
      );
    } finally {
      await this.lock.release();
    }
  }

  private saveLater(): void {
    this.cancelSave ??= this.context.clock.after(this.options.checkpointMs, () => {
      this.saving = this.saving.then(() => this.trySave());
    });
  }

  private async trySave(): Promise<void> {
    this.cancelSave = undefined;
    try {
      await this.save();
      if (this.failures > 0) this.context.log.info({}, "checkpoint can be saved again");
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.failures === 1)
        this.context.log.warn(
          { err: error, directory: this.options.directory },
          "checkpoint cannot be saved; trying again",
        );
      this.saveLater();
    }
  }

  private async save(): Promise<void> {
    for (const [name, { identity, progress }] of this.running) {
      this.files.set(name, { ...identity, position: progress.position, done: progress.done });
      if (progress.done) this.running.delete(name);
    }
    const saved: Saved = {
      version: VERSION,
      pipeline: this.context.pipeline,
      configVersion: this.options.configVersion,
      savedAt: new Date(this.context.clock.wallMs()).toISOString(),
      files: Object.fromEntries(this.files),
    };
    await writeAtomically(this.options.directory, CHECKPOINT_FILE, `${JSON.stringify(saved, null, 1)}\n`);
    this.context.gauge("backfill_checkpoint_timestamp_seconds", this.context.clock.wallMs() / 1_000);
  }

  private async load(): Promise<void> {
    const path = join(this.options.directory, CHECKPOINT_FILE);
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return;
    const saved = parse(text, path);
    this.refuseOther(saved, path);
    for (const [name, file] of Object.entries(saved.files)) this.files.set(name, file);
  }

  private refuseOther(saved: Saved, path: string): void {
    const { configVersion, force } = this.options;
    const { pipeline } = this.context;
    const sameConfig = configVersion === undefined || saved.configVersion === configVersion;
    if (saved.pipeline === pipeline && sameConfig) return;
    const what =
      saved.pipeline === pipeline
        ? "of this pipeline as it was before its definition changed"
        : `of pipeline ${JSON.stringify(saved.pipeline)}, not of ${JSON.stringify(pipeline)}`;
    if (!force)
      throw new RunError(
        "config-changed",
        `${path} is the checkpoint ${what}. Use force to go on from there with the definition as it is now, or another state directory to begin anew.`,
      );
    this.context.log.warn({ checkpoint: path }, `checkpoint is ${what}; forced to go on from it`);
  }
}

function parse(text: string, path: string): Saved {
  try {
    const saved = JSON.parse(text) as Saved;
    const files = Object.values(saved.files);
    if (saved.version !== VERSION) throw unreadable(path, otherVersion(saved.version));
    const good = files.every((file) => Number.isSafeInteger(file.position) && typeof file.done === "boolean");
    if (good) return saved;
  } catch (error) {
    throw error instanceof RunError ? error : unreadable(path, toError(error).message);
  }
  throw unreadable(path, "it names a position that is none");
}

/** Positions mean what the version that wrote them meant: nothing is guessed. */
function otherVersion(version: unknown): string {
  const shown = typeof version === "number" ? `format ${version}` : "no format that we know";
  return `it has ${shown} and this version of Sluice reads format ${VERSION}, so go on with the version that wrote it`;
}

function unreadable(path: string, why: string): RunError {
  return new RunError(
    "checkpoint-unreadable",
    `${path} cannot be used: ${why}. Or delete it to begin anew; what was delivered is then sent again.`,
  );
}

function fileChanged(input: InputFile, what: string): RunError {
  return new RunError(
    "file-changed",
    `${input.path} is not the file that the checkpoint knows: ${what}. Use force to read it again from its start, or another state directory.`,
  );
}
