// Reads a file forward in large pieces, and hands out small ones without copying.
//
// State: `held` is what was read last and begins at byte `from` of the file. A piece that is not wholly inside
// makes the next read, from the piece's beginning on.

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

export class ByteWindow {
  private held: Buffer = Buffer.alloc(0);
  private from = 0;

  constructor(private readonly source: ByteSource) {}

  /** The bytes from `position` on, at least `length` of them unless the file ends before; often more. */
  at(position: number, length: number): Buffer | Promise<Buffer> {
    const offset = position - this.from;
    if (offset >= 0 && offset + length <= this.held.length) return this.held.subarray(offset);
    return this.fill(position, length);
  }

  private async fill(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(Math.max(length, READ_BYTES), Math.max(0, this.source.size - position));
    this.held = wanted === 0 ? Buffer.alloc(0) : await this.source.read(position, wanted);
    this.from = position;
    return this.held;
  }
}
