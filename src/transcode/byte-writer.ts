// JSON written by hand into one buffer that grows. Short pieces are copied byte by byte: below some fifty bytes a call
// into the runtime costs more.
//
// State: `buf[0..at)` is written. Each writer of an event makes room first, and then nothing checks again.

import { notPlain } from "./places.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
/** From here on the runtime's own copy is faster. */
const LONG = 48;
const MOST_SHORT = 999_999_999;

export class ByteWriter {
  at = 0;
  private roomTo = 0;

  constructor(public buf: Buffer) {}

  /** Room for `bytes` more. */
  ensure(bytes: number): void {
    this.roomTo = this.at + bytes;
    if (this.at + bytes <= this.buf.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buf.length * 2, this.at + bytes));
    this.buf.copy(larger, 0, 0, this.at);
    this.buf = larger;
  }

  byte(value: number): void {
    this.buf[this.at++] = value;
  }

  constant(bytes: Uint8Array): void {
    const { buf, at } = this;
    const { length } = bytes;
    if (length >= LONG) buf.set(bytes, at);
    else for (let i = 0; i < length; i++) buf[at + i] = bytes[i]!;
    this.at = at + length;
  }

  raw(source: Uint8Array, from: number, to: number): void {
    const { buf, at } = this;
    if (to - from >= LONG) buf.set(source.subarray(from, to), at);
    else for (let i = from; i < to; i++) buf[at + i - from] = source[i]!;
    this.at = at + to - from;
  }

  /** The inside of a JSON string, as JSON.stringify writes it: UTF-8 stays, quotes and backslashes are escaped. */
  text(source: Uint8Array, from: number, to: number): void {
    const { buf } = this;
    let { at } = this;
    for (let i = from; i < to; i++) {
      const byte = source[i]!;
      if (byte === QUOTE || byte === BACKSLASH) buf[at++] = BACKSLASH;
      else if (byte < 0x20) throw notPlain;
      buf[at++] = byte;
    }
    this.at = at;
  }

  /** A text of any length, made by the runtime. It takes nothing of the room that was asked for. */
  string(text: string): void {
    const room = this.roomTo - this.at;
    this.ensure(room + text.length * 3);
    this.at += this.buf.write(text, this.at, "utf8");
    this.ensure(room);
  }

  ascii(text: string): void {
    const { buf } = this;
    let { at } = this;
    for (let i = 0; i < text.length; i++) buf[at++] = text.charCodeAt(i);
    this.at = at;
  }

  /** A finite number, as JSON.stringify writes it. */
  number(value: number): void {
    if (Number.isInteger(value) && value <= MOST_SHORT && value >= -MOST_SHORT) this.integer(value);
    else this.ascii(String(value));
  }

  private integer(value: number): void {
    const { buf } = this;
    let { at } = this;
    let left = value < 0 ? -value : value;
    if (value < 0) buf[at++] = MINUS;
    let end = at + 1;
    for (let rest = left; rest >= 10; rest = (rest / 10) | 0) end++;
    for (at = end - 1; left >= 10; left = (left / 10) | 0) buf[at--] = ZERO + (left % 10);
    buf[at] = ZERO + left;
    this.at = end;
  }
}
