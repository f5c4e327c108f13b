// Bytes by position: of a file as it lies on disk or in Cloud Storage, or of the text inside a gzip file.

import { type FileHandle, open } from "node:fs/promises";

import { RunError } from "../../engine/errors.ts";
import type { InputFile } from "./find-inputs.ts";

export interface PositionedBytes {
  /** The bytes from `position` on; fewer than `length` only at the end. Positions never decrease. */
  read(position: number, length: number): Promise<Buffer>;
  /** Bytes of the file on disk that were needed to answer for everything before `position`. */
  bytesBehind(position: number): number;
  close(): Promise<void>;
}

/** A whole file, wherever it lies. Positions may decrease. */
export interface FileBytes extends PositionedBytes {
  readonly size: number;
}

/** An open file of this machine, with the size that it had when the run began. */
export class LocalBytes implements FileBytes {
  private constructor(
    private readonly handle: FileHandle,
    private readonly input: InputFile,
    private readonly mayChange: boolean,
  ) {}

  /** `mayChange`: do not mind when somebody writes the file meanwhile. */
  static async open(input: InputFile, mayChange = false): Promise<LocalBytes> {
    return new LocalBytes(await open(input.path, "r"), input, mayChange);
  }

  get size(): number {
    return this.input.bytes;
  }

  /** Throws RunError `file-changed` instead of giving out the end of a file that is still being written. */
  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.size - position));
    const buffer = Buffer.allocUnsafeSlow(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.handle.read(buffer, filled, wanted - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (position + length >= this.size && !this.mayChange) await this.refuseChanged();
    return filled === wanted ? buffer : buffer.subarray(0, filled);
  }

  bytesBehind(position: number): number {
    return Math.min(position, this.size);
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async refuseChanged(): Promise<void> {
    const { size, mtimeMs } = await this.handle.stat();
    if (size === this.size && mtimeMs === this.input.mtimeMs) return;
    throw new RunError(
      "file-changed",
      `${this.input.path} was changed while it was read: ${this.size} bytes at the start, ${size} now. Read files that are complete; to read it as it was found, use force.`,
    );
  }
}
