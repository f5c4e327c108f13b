// Protocol Buffers, as far as the few messages that we exchange with Pub/Sub need it ("Encoding", protobuf.dev): the
// generated classes of Google's client take 300 ms to load and make ten objects of each message.
//
// Unknown fields are skipped, as the format demands; damage throws RangeError.

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/**
 * Reads the fields of one message: `while (reader.next()) switch (reader.field) …`; each must be read or skipped. For
 * a message within it: `const outer = reader.enter()`, the same loop, `reader.leave(outer)`.
 */
export class FieldReader {
  field = 0;
  private wireType = 0;

  constructor(
    readonly bytes: Buffer,
    public at = 0,
    private stop = bytes.length,
  ) {}

  enter(): number {
    const outer = this.stop;
    const length = this.varint();
    if (length > outer - this.at) throw cutOff();
    this.stop = this.at + length;
    return outer;
  }

  leave(outer: number): void {
    this.stop = outer;
  }

  next(): boolean {
    if (this.at >= this.stop) return false;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    return true;
  }

  /** Exact up to 2^53; the ten bytes of a negative number come out inexact, but are consumed. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < 10; read++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined || this.at > this.stop) throw cutOff();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError("a protobuf number has more than 10 bytes");
  }

  /** Steps over a field of bytes and yields where it begins; it ends at `at`. */
  span(): number {
    const length = this.varint();
    const from = this.at;
    if (length > this.stop - from) throw cutOff();
    this.at = from + length;
    return from;
  }

  text(): string {
    const from = this.span();
    return this.bytes.toString("utf8", from, this.at);
  }

  /** One character a byte: exact for any bytes, and quick. For what is only kept to be sent back. */
  opaque(): string {
    const from = this.span();
    return this.bytes.toString("latin1", from, this.at);
  }

  skip(): void {
    if (this.wireType === VARINT) this.varint();
    else if (this.wireType === LENGTH) this.span();
    else if (this.wireType === FIXED64) this.at += 8;
    else if (this.wireType === FIXED32) this.at += 4;
    else throw new RangeError(`protobuf wire type ${this.wireType} is not known`);
    if (this.at > this.stop) throw cutOff();
  }
}

/** Writes the fields of one message into one growing buffer. */
export class FieldWriter {
  private bytes: Buffer;
  private at = 0;

  constructor(sizeGuess = 256) {
    this.bytes = Buffer.allocUnsafe(sizeGuess);
  }

  /** A whole number from 0 to 2^53. Zero is not sent: it is the default. */
  int(field: number, value: number): this {
    if (value === 0) return this;
    this.reserve(20);
    this.varint(field * 8 + VARINT);
    this.varint(value);
    return this;
  }

  text(field: number, text: string): this {
    return this.write(field, Buffer.byteLength(text), () => {
      this.at += this.bytes.write(text, this.at, "utf8");
    });
  }

  /** What `FieldReader.opaque` gave, back to the same bytes. */
  opaque(field: number, text: string): this {
    this.reserve(text.length + 20);
    this.varint(field * 8 + LENGTH);
    this.varint(text.length);
    this.at += this.bytes.write(text, this.at, "latin1");
    return this;
  }

  /** Bytes, or a message within this one. */
  data(field: number, data: Uint8Array): this {
    return this.write(field, data.length, () => {
      this.bytes.set(data, this.at);
      this.at += data.length;
    });
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  private write(field: number, length: number, put: () => void): this {
    this.reserve(length + 20);
    this.varint(field * 8 + LENGTH);
    this.varint(length);
    put();
    return this;
  }

  private varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 0x80;
    this.bytes[this.at++] = rest;
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.at + more, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}

function cutOff(): RangeError {
  return new RangeError("a protobuf message is cut off");
}
