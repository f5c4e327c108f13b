// The text inside a gzip file, by position, forwards only. Members that follow one another are one text.
//
// State: `inflated` holds the text from `start` on (the oldest byte that may still be asked for) to what gzip gave
// so far; `read` drops what lies before its position, then inflates until it can answer. At the end of the file, or
// at damage, `ended` holds and reads come up short.
//
// gzip throws away what it made of a piece before it met damage in it. Where damage is passed over, the file is
// therefore unpacked once more up to the bad piece, and that piece fed in crumbs: all that is whole is read.

import { createGunzip, type Gunzip } from "node:zlib";

import { RunError, toError } from "../../engine/errors.ts";
import type { FileBytes, PositionedBytes } from "./positioned-bytes.ts";

export interface GunzipOptions {
  /** Most bytes of text for each byte of file, beyond an allowance of 16 MiB. */
  readonly maxGunzipRatio: number;
  /** Read what is whole before damage, at the cost of a second pass. */
  readonly salvage: boolean;
}

export interface GunzipDamage {
  readonly code: "gzip-truncated" | "gzip-corrupt";
  readonly message: string;
  /** Bytes of the file that were good. */
  readonly offset: number;
}

const COMPRESSED_CHUNK_BYTES = 32 * 1024;
const INFLATED_CHUNK_BYTES = 256 * 1024;
const CRUMB_BYTES = 16;
const RATIO_ALLOWANCE_BYTES = 16 * 1024 * 1024;

export class GunzipBytes implements PositionedBytes {
  private gunzip: Gunzip = this.freshGunzip(0);
  private inflated: Buffer[] = [];
  private start = 0;
  private length = 0;
  private fed = 0;
  private ended = false;
  private found: GunzipDamage | undefined;

  constructor(
    private readonly file: FileBytes,
    private readonly path: string,
    private readonly options: GunzipOptions,
  ) {}

  /** Set once reading met damage; the text before it was given out. */
  get damage(): GunzipDamage | undefined {
    return this.found;
  }

  /** Throws RunError `gzip-bomb`. */
  async read(position: number, length: number): Promise<Buffer> {
    this.forget(position);
    while (!this.ended && this.start + this.length < position + length) {
      await this.inflateMore();
      this.forget(position);
    }
    // A copy, which begins at `position`: what is handed out outlives the window that it is cut from.
    return Buffer.concat(this.inflated, Math.min(length, this.length));
  }

  bytesBehind(): number {
    return this.fed;
  }

  async close(): Promise<void> {
    this.gunzip.destroy();
    await this.file.close();
  }

  private freshGunzip(textToDrop: number): Gunzip {
    const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
    let toDrop = textToDrop;
    gunzip.on("data", (chunk: Buffer) => {
      const kept = chunk.subarray(toDrop);
      toDrop -= chunk.length - kept.length;
      if (kept.length === 0) return;
      this.inflated.push(kept);
      this.length += kept.length;
    });
    // Met by the step that is under way; the stream itself wants a listener that is always there.
    gunzip.on("error", () => {});
    return gunzip;
  }

  private forget(position: number): void {
    for (let first = this.inflated[0]; first && this.start < position; first = this.inflated[0]) {
      const gone = Math.min(first.length, position - this.start);
      if (gone === first.length) this.inflated.shift();
      else this.inflated[0] = first.subarray(gone);
      this.start += gone;
      this.length -= gone;
    }
  }

  private async inflateMore(): Promise<void> {
    const chunk = await this.file.read(this.fed, COMPRESSED_CHUNK_BYTES);
    const fault = chunk.length === 0 ? await this.finish() : await this.feed(chunk);
    if (fault) await this.damaged(fault, chunk);
    else this.fed += chunk.length;
    this.checkRatio();
  }

  private feed(chunk: Buffer): Promise<Error | undefined> {
    return this.step((done) => this.gunzip.write(chunk, done));
  }

  private async finish(): Promise<Error | undefined> {
    this.ended = true;
    // An empty file is an empty text: gzip would call it cut short.
    return this.fed === 0 ? undefined : this.step(() => this.gunzip.end());
  }

  /**
   * One call to gzip, to its end; yields what went wrong. At zeros behind the last member (the padding of tapes)
   * gzip ends without calling back, and at damage it may fail without.
   */
  private step(start: (done: (error?: Error | null) => void) => void): Promise<Error | undefined> {
    const { gunzip } = this;
    return new Promise((resolve) => {
      const settle = (error?: Error | null) => {
        gunzip.off("end", onEnd).off("error", settle);
        resolve(error ? toError(error) : undefined);
      };
      const onEnd = () => {
        this.ended = true;
        settle();
      };
      gunzip.once("end", onEnd).once("error", settle);
      start(settle);
    });
  }

  private async damaged(fault: Error, chunk: Buffer): Promise<void> {
    if (this.options.salvage && chunk.length > 0) await this.salvage(chunk);
    this.ended = true;
    const truncated = "code" in fault && fault.code === "Z_BUF_ERROR";
    const offset = this.gunzip.bytesWritten;
    this.found = {
      code: truncated ? "gzip-truncated" : "gzip-corrupt",
      message: truncated
        ? `ends in the middle of a gzip member, at byte ${offset}`
        : `is not valid gzip at or after byte ${offset} (${fault.message})`,
      offset,
    };
  }

  private async salvage(badChunk: Buffer): Promise<void> {
    this.gunzip.destroy();
    this.gunzip = this.freshGunzip(this.start + this.length);
    for (let at = 0; at < this.fed; at += COMPRESSED_CHUNK_BYTES) {
      const wanted = Math.min(COMPRESSED_CHUNK_BYTES, this.fed - at);
      if (await this.feed(await this.file.read(at, wanted))) return;
    }
    for (let at = 0; at < badChunk.length; at += CRUMB_BYTES) {
      if (await this.feed(badChunk.subarray(at, at + CRUMB_BYTES))) return;
    }
  }

  private checkRatio(): void {
    const text = this.start + this.length;
    const most = RATIO_ALLOWANCE_BYTES + this.gunzip.bytesWritten * this.options.maxGunzipRatio;
    if (text <= most) return;
    throw new RunError(
      "gzip-bomb",
      `${this.path} unpacks to more than ${text} bytes from its first ${this.gunzip.bytesWritten}, beyond maxGunzipRatio ${this.options.maxGunzipRatio}. If it is a good file, raise maxGunzipRatio (gzip reaches 1032 at most).`,
    );
  }
}
