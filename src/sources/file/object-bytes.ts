// The bytes of an object in Cloud Storage, by position. They are fetched in stretches that follow one another, each twice as
// long as the one before as long as reading goes on forwards, and the next one while the last is worked on.
//
// State: `held` are stretches without gaps, the last of them perhaps still on its way. Reading elsewhere begins anew with
// a short one. A stretch that breaks is asked for again from where it broke, always of the generation that was listed.
//
// Checksum: Cloud Storage knows one for the whole object only. So it is checked when stretches from the first byte to
// the last followed one another, before the last one is handed out; a part, or the rest after a checkpoint, cannot be.

import { RunError } from "../../engine/errors.ts";
import type { Checksum, CloudStorage, ObjectInfo } from "./cloud-storage.ts";
import type { InputFile } from "./find-inputs.ts";
import type { FileBytes } from "./positioned-bytes.ts";
import { type Asking, retrying } from "./retrying.ts";

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly bytes: Promise<Buffer>;
}

const FIRST_BYTES = 256 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** A look at a few bytes further on, or back at what was damaged, fetches just that and disturbs nothing. */
const LOOK_BYTES = 64;
/**
 * A connection on which nothing comes for so long is dead. Google's client reads by node-fetch 2, which does not tell when
 * a connection is cut in an answer whose length was announced: this is how it is noticed.
 */
const SILENCE_MS = 10_000;

export class ObjectBytes implements FileBytes {
  private held: Stretch[] = [];
  private nextBytes = FIRST_BYTES;
  /** Up to where the checksum has seen the object; NaN: it never will. */
  private summed = 0;
  private readonly sum: Checksum;
  private readonly closing = new AbortController();
  private readonly asking: Asking;

  constructor(
    private readonly input: InputFile,
    private readonly object: ObjectInfo,
    private readonly storage: CloudStorage,
    { context, signal }: Omit<Asking, "what">,
  ) {
    this.sum = storage.checksum();
    this.asking = { what: input.path, context, signal: AbortSignal.any([signal, this.closing.signal]) };
  }

  get size(): number {
    return this.object.bytes;
  }

  /** Throws RunError by the codes of `retrying`, and `checksum-mismatch`. */
  async read(position: number, length: number): Promise<Buffer> {
    const end = Math.min(position + length, this.size);
    if (end <= position) return Buffer.alloc(0);
    const first = this.held[0];
    const last = this.held.at(-1);
    const continues =
      first !== undefined && last !== undefined && first.from <= position && position <= last.to;
    if (!continues && (length <= LOOK_BYTES || (first && position < first.from)) && position > 0)
      return this.fetch(position, end);
    if (!continues) this.beginAt(position);
    while (this.endsAt(position) < end) this.fetchNext(end);
    while (this.held[1] && this.held[0]!.to <= position) this.held.shift();
    const wanted = this.held.filter(({ from }) => from < end);
    const pieces = await Promise.all(wanted.map(({ bytes }) => bytes));
    if (continues && this.held.at(-1) === wanted.at(-1) && this.endsAt(position) < this.until())
      this.fetchNext(0);
    // A copy: what is handed out outlives the stretches, and is small against them.
    return Buffer.concat(pieces.map((piece, i) => cut(piece, wanted[i]!.from, position, end)));
  }

  bytesBehind(position: number): number {
    return Math.min(position, this.size);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.held.map(({ bytes }) => bytes));
    this.held = [];
    if (this.summed === this.size || this.object.crc32c === undefined) return;
    this.asking.context.log.debug(
      { object: this.input.path },
      "read in part: its checksum, which is of the whole object, was not checked",
    );
  }

  private endsAt(position: number): number {
    return this.held.at(-1)?.to ?? position;
  }

  /** Fetching ahead ends where the part does; its last block may need a little more, and asks for it. */
  private until(): number {
    return this.input.part?.to ?? this.size;
  }

  private beginAt(position: number): void {
    for (const { bytes } of this.held) bytes.catch(() => {});
    this.held = [{ from: position, to: position, bytes: Promise.resolve(Buffer.alloc(0)) }];
    this.nextBytes = FIRST_BYTES;
  }

  private fetchNext(end: number): void {
    const from = this.endsAt(0);
    const to = Math.min(this.size, Math.max(end, from + this.nextBytes));
    this.nextBytes = Math.min(MOST_BYTES, this.nextBytes * 2);
    const bytes = this.summing(from, to, this.held.at(-1)?.bytes);
    // Whoever reads it hears of a failure; until then it is not "unhandled".
    bytes.catch(() => {});
    this.held.push({ from, to, bytes });
  }

  private async summing(from: number, to: number, before: Promise<Buffer> | undefined): Promise<Buffer> {
    const bytes = await this.fetch(from, to);
    // The sum goes in order, also when a later stretch came first.
    await before;
    if (from !== this.summed) return bytes;
    this.sum.update(bytes);
    this.summed = to;
    const expected = this.object.crc32c;
    if (to === this.size && expected !== undefined && !this.sum.validate(expected))
      throw new RunError(
        "checksum-mismatch",
        `${this.input.path} did not arrive as it is stored: its CRC32C is another one. The next run reads it from its start; what was sent keeps its message ids.`,
      );
    return bytes;
  }

  private async fetch(from: number, to: number): Promise<Buffer> {
    const into = Buffer.allocUnsafeSlow(to - from);
    let filled = 0;
    let before = 0;
    const moved = () => {
      const came = filled > before;
      before = filled;
      return came;
    };
    const attempt = async () => {
      filled += await this.stream(into.subarray(filled), from + filled);
      if (filled < into.length) throw new BrokenOff("the connection ended early");
    };
    await retrying(attempt, this.asking, moved);
    return into;
  }

  /** How many bytes came; what broke after some came is met by asking for the rest. */
  private async stream(into: Buffer, from: number): Promise<number> {
    const { clock } = this.asking.context;
    const { signal } = this.asking;
    const stream = this.storage.read(this.object, from, from + into.length);
    const stop = () => stream.destroy(signal.reason);
    const silence = () =>
      clock.after(SILENCE_MS, () => stream.destroy(new BrokenOff("nothing came for ten seconds")));
    stream.once("response", ({ statusCode }: { readonly statusCode: number }) => {
      // Bytes from elsewhere must never be taken for those that were asked for.
      if (statusCode === 200 && from > 0)
        stream.destroy(new BrokenOff(`a range was answered with ${statusCode}`));
    });
    let cancel = silence();
    let filled = 0;
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        cancel();
        cancel = silence();
        // More than was asked for is no answer to what was asked.
        filled += chunk.copy(into, filled);
      }
      return filled;
    } catch (error) {
      if (filled > 0) return filled;
      throw error;
    } finally {
      cancel();
      signal.removeEventListener("abort", stop);
      stream.destroy();
    }
  }
}

/** Less came than was asked for, or something else; taken for a connection that broke. */
class BrokenOff extends Error {
  readonly code = "ECONNRESET";
}

function cut(piece: Buffer, from: number, start: number, end: number): Buffer {
  return piece.subarray(Math.max(0, start - from), Math.max(0, end - from));
}
