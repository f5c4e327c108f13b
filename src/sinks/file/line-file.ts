// One open file of whole lines.
//
// State: `length` is where the file ends, as far as this run knows. alone -> [its end is elsewhere] -> shared, for good.
// Alone, a write that fails half-way is cut back to `length`, so a line is never torn and a repeated batch not half there
// twice. If even the cut fails, the file is `torn`: the next write begins by cutting again.
// Shared with another process, nothing is ever cut, for it may be the other's; instead every write begins with a
// newline, which closes whatever was torn. A reader skips torn and empty lines.
// What was torn before this run began (a crash, a power cut) is closed with a newline and otherwise left alone.
// What is no regular file (a pipe, a device) can be neither measured nor cut.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const NEWLINE = 10;

export type OpenHow = "append" | "overwrite" | "create";

export class LineFile {
  private torn = false;
  private shared = false;
  /** Of the write under way, or of the one that failed. */
  private written = 0;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly isRegular: boolean,
    private length: number,
  ) {}

  /** "create" throws EEXIST when the file is there. The folder exists. */
  static async open(path: string, how: OpenHow): Promise<LineFile> {
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_TRUNC } = constants;
    const extra = { append: 0, overwrite: O_TRUNC, create: O_EXCL }[how];
    const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | extra, 0o666);
    try {
      const stats = await handle.stat();
      const file = new LineFile(path, handle, stats.isFile(), stats.size);
      if (stats.isFile() && (await endsTorn(path, stats.size))) await file.write(Buffer.from("\n"), false);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Where the file ends. */
  get bytes(): number {
    return this.length;
  }

  /** A write failed half-way and could not be cut back: better begun anew. */
  get isTorn(): boolean {
    return this.torn;
  }

  /** Writes whole lines, or none of them. With `durable` they are on the disk when this resolves. */
  async write(lines: Buffer, durable: boolean): Promise<void> {
    if (this.torn) await this.cutBack();
    await this.lookForOthers();
    const bytes = this.shared ? Buffer.concat([Buffer.of(NEWLINE), lines]) : lines;
    try {
      await this.writeAll(bytes);
      if (durable) await this.sync();
    } catch (error) {
      this.torn = true;
      // Should the cut fail as well, the next write tries it again; the write's own error tells more.
      await this.cutBack().catch(() => {});
      throw error;
    }
    this.length += bytes.length;
  }

  async sync(): Promise<void> {
    if (this.isRegular) await this.handle.datasync();
  }

  async close(): Promise<void> {
    try {
      if (this.torn) await this.cutBack();
      await this.sync();
    } finally {
      await this.handle.close();
    }
  }

  private async writeAll(bytes: Buffer): Promise<void> {
    this.written = 0;
    while (this.written < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, this.written);
      this.written += bytesWritten;
    }
  }

  private async lookForOthers(): Promise<void> {
    if (!this.isRegular) return;
    const { size } = await this.handle.stat();
    if (size === this.length) return;
    this.shared = true;
    this.length = size;
  }

  private async cutBack(): Promise<void> {
    if (this.isRegular) {
      const { size } = await this.handle.stat();
      if (!this.shared && size === this.length + this.written) await this.handle.truncate(this.length);
      else {
        this.shared = true;
        this.length = size;
      }
    }
    this.torn = false;
  }
}

async function endsTorn(path: string, bytes: number): Promise<boolean> {
  if (bytes === 0) return false;
  const file = await open(path, "r").catch((error: unknown) => {
    // May be written but not read: a blank line too many is harmless, one too few is not.
    if (error instanceof Error && "code" in error && error.code === "EACCES") return undefined;
    throw error;
  });
  if (!file) return true;
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, bytes - 1);
    return buffer[0] !== NEWLINE;
  } finally {
    await file.close();
  }
}
