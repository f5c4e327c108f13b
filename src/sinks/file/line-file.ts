// One open file of whole lines.
//
// State: `length` is the end of the last whole line that this run knows of. A write that fails half-way is cut back to
// it, so a line is never torn and a repeated batch not half there twice. If even the cut fails, the file is `torn`:
// the next write begins by cutting again. What was torn before this run began (a crash, a power cut) is closed with a
// newline and otherwise left alone: those bytes may be somebody's, and a reader skips a bad line.
// What is no regular file (a pipe, a device) can be neither measured nor cut. A file has one writer: this one.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

const NEWLINE = 10;

export type OpenHow = "append" | "overwrite" | "create";

export class LineFile {
  private torn = false;

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

  /** Bytes of whole lines. */
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
    try {
      await this.writeAll(lines);
      if (durable) await this.sync();
    } catch (error) {
      this.torn = true;
      // Should the cut fail as well, the next write tries it again; the write's own error tells more.
      await this.cutBack().catch(() => {});
      throw error;
    }
    this.length += lines.length;
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

  private async writeAll(lines: Buffer): Promise<void> {
    let done = 0;
    while (done < lines.length) {
      const { bytesWritten } = await this.handle.write(lines, done);
      done += bytesWritten;
    }
  }

  private async cutBack(): Promise<void> {
    if (this.isRegular) await this.handle.truncate(this.length);
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
