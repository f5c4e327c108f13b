// Reads a file forward in large pieces, and hands out small ones without copying.
//
// State: `held` is what was read last and begins at byte `from` of the file. A piece that is not wholly inside
// makes the next read, from the piece's beginning on. Blocks of one file are mostly of one size, so a read ends behind a
// whole number of pieces as long as the last large one: half a piece at its end would be read twice.

export interface ByteSource {
  readonly size: number;
  /** A Buffer of its own each time; shorter than `length` only at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
}

/**
 * Small enough that the program comes up for air (answers, timers, writes) every millisecond or so: with half a
 * megabyte, what is under way outgrows the young generation, and garbage collection takes a fifth of a backfill.
 */
const READ_BYTES = 128 * 1024;
/** Of smaller pieces, what is read twice is little. */
const LARGE_BYTES = 4 * 1024;
/** Pieces are not quite of one size. */
const SLACK = 1 / 64;

export class ByteWindow {
  private held: Buffer = Buffer.alloc(0);
  private from = 0;
  private piece = 0;

  constructor(private readonly source: ByteSource) {}

  /** The bytes from `position` on, at least `length` of them unless the file ends before; often more. */
  at(position: number, length: number): Buffer | Promise<Buffer> {
    const offset = position - this.from;
    if (offset >= 0 && offset + length <= this.held.length) return this.held.subarray(offset);
    return this.fill(position, length);
  }

  private async fill(position: number, length: number): Promise<Buffer> {
    const left = Math.max(0, this.source.size - position);
    const wanted = Math.min(Math.max(length, this.readBytes(length)), left);
    this.held = wanted === 0 ? Buffer.alloc(0) : await this.source.read(position, wanted);
    this.from = position;
    return this.held;
  }

  private readBytes(length: number): number {
    if (length > LARGE_BYTES) this.piece = length;
    if (this.piece === 0) return READ_BYTES;
    return Math.ceil(Math.max(1, Math.round(READ_BYTES / this.piece)) * this.piece * (1 + SLACK));
  }
}
