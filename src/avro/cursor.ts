// Where every byte of a datum is read, with all the safety checks in one place; the scan and the decoder are
// thin programs over it (Apache Avro specification, "Binary Encoding").
//
// State: `pos` moves from the start of a datum to its end and never past `end`; `depth`, `items` and
// `emptyItems` count what this datum has used of its limits and start at 0 with each `reset`. After a throw the
// cursor is good for nothing but the next `reset`. No method allocates, except what it returns.
//
// Errors are DataErrors that name the byte offset: avro-truncated, avro-bad-length, avro-bad-varint,
// avro-too-many-items, avro-too-deep, avro-bad-utf8, avro-bad-boolean, avro-bad-union, avro-bad-enum,
// avro-long-out-of-range, avro-int-out-of-range.

import { isUtf8 } from "node:buffer";

import { DataError } from "../engine/errors.ts";
import { type DatumLimits, defaultDatumLimits } from "./limits.ts";
import { SHORT_STRING, ShortStrings } from "./short-strings.ts";

export class Cursor {
  buf: Buffer = Buffer.alloc(0);
  pos = 0;
  /** Where the block of items just begun says that it ends; -1 when it does not say. */
  blockEnd = -1;
  /** Nothing is read from here on. */
  end = 0;
  private start = 0;
  private depth = 0;
  private entered = 0;
  private items = 0;
  private emptyItems = 0;

  constructor(
    private readonly limits: DatumLimits = defaultDatumLimits,
    private shortStrings?: ShortStrings,
  ) {}

  /** Begins a datum that may use `buf[start..end)`. */
  reset(buf: Buffer, start: number, end: number): void {
    this.buf = buf;
    this.pos = start;
    this.start = start;
    this.end = end;
    this.depth = 0;
    this.entered = 0;
    this.items = 0;
    this.emptyItems = 0;
  }

  /** Throws unless the datum ended exactly at the end of its bytes. */
  finish(): void {
    if (this.pos !== this.end)
      throw this.error("avro-trailing-data", `${this.end - this.pos} bytes are left over after the datum`);
  }

  fail(code: string, what: string): never {
    throw this.error(code, what);
  }

  /** Begins a record, array or map. Their number is bounded too: records without bytes can hold each other. */
  enter(): void {
    if (++this.depth > this.limits.maxDepth)
      throw this.error("avro-too-deep", `nested deeper than ${this.limits.maxDepth}`);
    if (++this.entered > 2 * this.limits.maxItems)
      throw this.error("avro-too-many-items", `more than ${2 * this.limits.maxItems} parts in one datum`);
  }

  leave(): void {
    this.depth--;
  }

  skip(bytes: number): void {
    if (bytes > this.end - this.pos) throw this.truncated(bytes);
    this.pos += bytes;
  }

  /** A varint of at most ten bytes, whose value nobody wants. */
  skipVarint(): void {
    if (this.pos < this.end && this.buf[this.pos]! < 0x80) this.pos++;
    else this.skipVarintBytes(10);
  }

  private skipVarintBytes(most: number): void {
    for (let left = most; left > 0; left--) {
      if (this.pos >= this.end) throw this.truncated(1);
      const byte = this.buf[this.pos++]!;
      if (byte < 0x80) {
        if (left === 1 && byte > 1) break;
        return;
      }
    }
    throw this.error("avro-bad-varint", "a number of more than 64 bits");
  }

  /** A long as a number; NaN when it is beyond ±(2^53-1) and would lose digits. */
  private varint(): number {
    const { buf, end } = this;
    const first = this.pos;
    if (first >= end) throw this.truncated(1);
    const byte = buf[first]!;
    if (byte < 0x80) {
      this.pos = first + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    let low = byte & 0x7f;
    for (let at = first + 1, shift = 7; shift < 28; at++, shift += 7) {
      if (at >= end) throw this.truncated(1);
      const next = buf[at]!;
      low |= (next & 0x7f) << shift;
      if (next < 0x80) {
        this.pos = at + 1;
        return (low >>> 1) ^ -(low & 1);
      }
    }
    return this.longVarint(low, first + 4);
  }

  /** The rest of a varint of five to ten bytes; `low` holds its first 28 bits. */
  private longVarint(low: number, from: number): number {
    this.pos = from;
    this.skipVarintBytes(6);
    let high = 0;
    for (let at = this.pos - 1; at >= from; at--) high = high * 128 + (this.buf[at]! & 0x7f);
    const magnitude = (low >>> 1) + high * 2 ** 27;
    const value = low & 1 ? -magnitude - 1 : magnitude;
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }

  /** Never loses digits: a long beyond ±(2^53-1) is an error. */
  long(): number {
    const value = this.varint();
    if (Number.isNaN(value))
      throw this.error("avro-long-out-of-range", "a long beyond ±9007199254740991 would lose digits");
    return value;
  }

  /** All 64 bits. */
  bigLong(): bigint {
    const from = this.pos;
    this.skipVarint();
    let bits = 0n;
    for (let at = this.pos - 1; at >= from; at--) bits = (bits << 7n) | BigInt(this.buf[at]! & 0x7f);
    return (bits >> 1n) ^ -(bits & 1n);
  }

  int(): number {
    const value = this.varint();
    if (value !== (value | 0)) throw this.error("avro-int-out-of-range", "an int of more than 32 bits");
    return value;
  }

  float(): number {
    const at = this.pos;
    this.skip(4);
    return this.buf.readFloatLE(at);
  }

  double(): number {
    const at = this.pos;
    this.skip(8);
    return this.buf.readDoubleLE(at);
  }

  boolean(): boolean {
    if (this.pos >= this.end) throw this.truncated(1);
    const byte = this.buf[this.pos++]!;
    if (byte > 1) throw this.error("avro-bad-boolean", `a boolean of value ${byte}`);
    return byte === 1;
  }

  /** The length of a string or of bytes, all of which are there. */
  length(): number {
    const length = this.varint();
    if (!(length >= 0)) throw this.error("avro-bad-length", `a length of ${describe(length)}`);
    if (length > this.end - this.pos) throw this.truncated(length);
    return length;
  }

  skipBytes(): void {
    const length = this.length();
    this.pos += length;
  }

  bytes(): Buffer {
    const length = this.length();
    const from = this.pos;
    this.pos = from + length;
    return this.buf.subarray(from, from + length);
  }

  /** Strict UTF-8: replacement characters would make two different events equal. */
  string(): string {
    const length = this.length();
    return length === 0 ? "" : this.text(length);
  }

  /** The next `length` bytes, which are known to be there, as UTF-8. */
  private text(length: number): string {
    const { buf, pos: from } = this;
    const to = from + length;
    this.pos = to;
    if (length <= SHORT_STRING) {
      this.shortStrings ??= new ShortStrings();
      const known = this.shortStrings.get(buf, from, to);
      if (known !== undefined) return known;
    }
    const text = buf.toString("utf8", from, to);
    if (text.includes("\ufffd") && !isUtf8(buf.subarray(from, to)))
      throw this.error("avro-bad-utf8", `a string of ${length} bytes that is not UTF-8`);
    return text;
  }

  unionIndex(branches: number): number {
    const index = this.varint();
    if (index >= 0 && index < branches) return index;
    throw this.error("avro-bad-union", `branch ${describe(index)} of a union of ${branches}`);
  }

  enumIndex(symbols: number): number {
    const index = this.varint();
    if (index >= 0 && index < symbols) return index;
    throw this.error("avro-bad-enum", `symbol ${describe(index)} of an enum of ${symbols}`);
  }

  /**
   * The number of items in the next block of an array or map; 0 ends it. `leastBytes` is the least one item can
   * take, so that a count is refused before anything is allocated for it. A negative count is followed by the
   * block's size in bytes: pass `blockEnd` to `endBlock` after its items.
   */
  blockCount(leastBytes: number): number {
    let count = this.varint();
    if (count === 0) return 0;
    this.blockEnd = -1;
    if (count < 0) {
      count = -count;
      this.blockEnd = this.length() + this.pos;
    }
    const left = this.end - this.pos;
    if (!(count * leastBytes <= left)) throw this.tooMany(count, left);
    this.items += count;
    if (this.items > this.limits.maxItems)
      throw this.error("avro-too-many-items", `more than ${this.limits.maxItems} items in one datum`);
    if (leastBytes === 0) this.countEmpty(count);
    return count;
  }

  endBlock(blockEnd: number): void {
    if (blockEnd >= 0 && this.pos !== blockEnd)
      throw this.error("avro-bad-length", "a block of items is not as long as it says");
  }

  private countEmpty(count: number): void {
    this.emptyItems += count;
    if (this.emptyItems > this.limits.maxEmptyItems)
      throw this.error(
        "avro-too-many-items",
        `more than ${this.limits.maxEmptyItems} items without content in one datum`,
      );
  }

  private tooMany(count: number, bytes: number): DataError {
    return this.error(
      "avro-too-many-items",
      `${describe(count)} items announced, but only ${bytes} bytes left`,
    );
  }

  private truncated(wanted: number): DataError {
    const left = Math.max(0, this.end - this.pos);
    return this.error(
      "avro-truncated",
      `the datum ends too early: ${wanted} more bytes wanted, ${left} left`,
    );
  }

  private error(code: string, what: string): DataError {
    return new DataError(code, `Not a valid Avro datum at byte ${this.pos - this.start}: ${what}.`);
  }
}

function describe(value: number): string {
  return Number.isNaN(value) ? "more than 2^53" : String(value);
}
