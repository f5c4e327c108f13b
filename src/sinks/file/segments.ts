// The files behind one path: a single file, or a row of segments.
//
// `lines.ndjson`, rotated      -> lines-20260101T000000Z-000001.ndjson, …
// a folder (`letters/`)        -> letters/<pipeline>-20260101T000000Z-000001.ndjson, …
//
// A segment is begun by the first write that needs it (none is empty) and ended by the first write after it is full or
// old. Names sort in the order of writing; the number keeps two of one second apart.

import { access, constants, mkdir, open, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

import type { Clock } from "../../engine/clock.ts";
import { LineFile } from "./line-file.ts";

export interface SegmentOptions {
  /** Absolute; ends with a slash for a folder. */
  readonly path: string;
  /** For the names of the files in a folder. */
  readonly pipeline: string;
  readonly mode: "append" | "overwrite";
  readonly durable: boolean;
  /** Undefined: no limit of this kind; both undefined and no folder: one file. */
  readonly rotateBytes: number | undefined;
  readonly rotateMs: number | undefined;
}

interface Naming {
  readonly folder: string;
  readonly stem: string;
  readonly extension: string;
}

export class Segments {
  private current: LineFile | undefined;
  private openedAtMs = 0;
  private number = 0;
  private overwrite: boolean;

  private constructor(
    private readonly options: SegmentOptions,
    private readonly clock: Clock,
    private readonly naming: Naming | undefined,
  ) {
    this.overwrite = options.mode === "overwrite";
  }

  /** Looks whether the path is a folder; opens nothing. */
  static async at(options: SegmentOptions, clock: Clock): Promise<Segments> {
    const { path, pipeline, rotateBytes, rotateMs } = options;
    if (path.endsWith("/") || (await isFolder(path)))
      return new Segments(options, clock, { folder: path, stem: pipeline, extension: ".ndjson" });
    if (rotateBytes === undefined && rotateMs === undefined) return new Segments(options, clock, undefined);
    const extension = extname(path);
    const naming = { folder: dirname(path), stem: basename(path, extension), extension };
    return new Segments(options, clock, naming);
  }

  /** The file to write to now. The first call makes the folder. */
  async file(): Promise<LineFile> {
    if (this.current && this.isFull(this.current)) await this.end();
    this.current ??= await this.begin();
    return this.current;
  }

  /** Proves that files can be written where the path is, without leaving one behind that was not wanted anyway. */
  async check(): Promise<void> {
    if (this.naming === undefined) {
      await this.file();
    } else {
      await mkdir(this.naming.folder, { recursive: true });
      await access(this.naming.folder, constants.W_OK | constants.X_OK);
    }
  }

  /** Ends the open file: whole, on the disk, closed. */
  async end(): Promise<void> {
    const file = this.current;
    this.current = undefined;
    await file?.close();
  }

  private isFull(file: LineFile): boolean {
    if (this.naming === undefined) return false;
    const { rotateBytes = Number.POSITIVE_INFINITY, rotateMs = Number.POSITIVE_INFINITY } = this.options;
    return file.bytes >= rotateBytes || this.clock.nowMs() - this.openedAtMs >= rotateMs;
  }

  private async begin(): Promise<LineFile> {
    const folder = this.naming?.folder ?? dirname(this.options.path);
    await mkdir(folder, { recursive: true });
    const file = await (this.naming ? this.beginSegment(this.naming) : this.openSingle());
    this.openedAtMs = this.clock.nowMs();
    if (this.options.durable) await syncFolder(folder);
    return file;
  }

  private async openSingle(): Promise<LineFile> {
    const file = await LineFile.open(this.options.path, this.overwrite ? "overwrite" : "append");
    // Once only: a file that is opened again after trouble holds this run's lines.
    this.overwrite = false;
    return file;
  }

  private async beginSegment({ folder, stem, extension }: Naming): Promise<LineFile> {
    const time = new Date(this.clock.wallMs()).toISOString().replace(/[-:]|\.\d+/g, "");
    for (;;) {
      this.number += 1;
      const name = `${stem}-${time}-${String(this.number).padStart(6, "0")}${extension}`;
      try {
        return await LineFile.open(join(folder, name), "create");
      } catch (error) {
        // Another run's segment of the same second.
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there yet, or not to be seen: opening it will say so in its own words.
    return false;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
