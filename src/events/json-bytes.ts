// Whether bytes are one JSON text, without building anything: for texts that are passed on or passed over. On the way
// it notes what the fused plan asks of a context: the top members `kind`, `key` and `anonymous`.
//
// It says yes to nothing that JSON.parse would refuse. It may say no to what JSON.parse would take; then the caller
// lets the parser decide. The bytes are known to be UTF-8 (RFC 8259).
//
// State: `at` moves through the text; what was noted holds until the next walk.

/** The members noted, by their place in `from` and `to`. */
export const KIND_MEMBER = 0;
export const KEY_MEMBER = 1;
export const ANONYMOUS_MEMBER = 2;
const KIND = Buffer.from("kind");
const KEY = Buffer.from("key");
const ANONYMOUS = Buffer.from("anonymous");

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const ESCAPES = new Uint8Array(128);
for (const character of '"\\/bfnrt') ESCAPES[character.charCodeAt(0)] = 1;

export class JsonBytes {
  /** First and last byte (exclusive) of the value of each top member noted; the end is -1 when it is not there. */
  readonly from = new Int32Array(3);
  readonly to = new Int32Array(3);
  /** Somewhere, at whatever depth, is a member called `anonymous`, or one whose name cannot be told. */
  mayBeAnonymous = false;
  /** A name at the top is written with escapes, so the members noted may not be all. */
  hasEscapedName = false;
  private buf: Uint8Array = new Uint8Array(0);
  private at = 0;
  private end = 0;
  private escaped = false;

  /** `maxDepth`: objects and arrays inside one another. */
  walk(buf: Uint8Array, from: number, to: number, maxDepth: number): boolean {
    this.buf = buf;
    this.at = from;
    this.end = to;
    this.skipSpace();
    if (this.valueEnd(buf, this.at, to, maxDepth) < 0) return false;
    this.skipSpace();
    return this.at === to;
  }

  /** Where the value ends that begins at `from`, and at `to` at the latest; -1 when there is none. */
  valueEnd(buf: Uint8Array, from: number, to: number, maxDepth: number): number {
    this.buf = buf;
    this.at = from;
    this.end = to;
    this.mayBeAnonymous = false;
    this.hasEscapedName = false;
    this.to.fill(-1);
    return this.value(maxDepth, true) ? this.at : -1;
  }

  private value(depthLeft: number, top: boolean): boolean {
    if (this.at >= this.end) return false;
    const byte = this.buf[this.at]!;
    if (byte === QUOTE) return this.text();
    if (byte === OPEN_OBJECT) return depthLeft > 0 && this.object(depthLeft - 1, top);
    if (byte === OPEN_ARRAY) return depthLeft > 0 && this.array(depthLeft - 1);
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.number();
    return this.word(byte);
  }

  private object(depthLeft: number, top: boolean): boolean {
    this.at++;
    this.skipSpace();
    if (this.at < this.end && this.buf[this.at] === CLOSE_OBJECT) {
      this.at++;
      return true;
    }
    for (;;) {
      const nameAt = this.at + 1;
      if (!this.text()) return false;
      const member = this.noted(nameAt, this.at - 1, top);
      this.skipSpace();
      if (this.at >= this.end || this.buf[this.at++] !== COLON) return false;
      this.skipSpace();
      const valueAt = this.at;
      if (!this.value(depthLeft, false)) return false;
      if (member >= 0) {
        this.from[member] = valueAt;
        this.to[member] = this.at;
      }
      this.skipSpace();
      if (this.at >= this.end) return false;
      const next = this.buf[this.at++];
      if (next === CLOSE_OBJECT) return true;
      if (next !== COMMA) return false;
      this.skipSpace();
    }
  }

  private array(depthLeft: number): boolean {
    this.at++;
    this.skipSpace();
    if (this.at < this.end && this.buf[this.at] === CLOSE_ARRAY) {
      this.at++;
      return true;
    }
    for (;;) {
      if (!this.value(depthLeft, false)) return false;
      this.skipSpace();
      if (this.at >= this.end) return false;
      const next = this.buf[this.at++];
      if (next === CLOSE_ARRAY) return true;
      if (next !== COMMA) return false;
      this.skipSpace();
    }
  }

  /** The member that a name at the top stands for, or -1. */
  private noted(from: number, to: number, top: boolean): number {
    if (this.escaped) {
      this.mayBeAnonymous = true;
      if (top) this.hasEscapedName = true;
      return -1;
    }
    const length = to - from;
    if (length === 9 && this.is(from, ANONYMOUS)) {
      this.mayBeAnonymous = true;
      return top ? ANONYMOUS_MEMBER : -1;
    }
    if (!top) return -1;
    if (length === 4 && this.is(from, KIND)) return KIND_MEMBER;
    if (length === 3 && this.is(from, KEY)) return KEY_MEMBER;
    return -1;
  }

  private is(from: number, name: Uint8Array): boolean {
    for (let i = 0; i < name.length; i++) if (this.buf[from + i] !== name[i]) return false;
    return true;
  }

  /** A string, quotes included. `escaped` tells whether it has escapes. */
  private text(): boolean {
    const { buf, end } = this;
    let at = this.at;
    if (at >= end || buf[at] !== QUOTE) return false;
    this.escaped = false;
    for (at++; at < end; at++) {
      const byte = buf[at]!;
      if (byte === QUOTE) {
        this.at = at + 1;
        return true;
      }
      if (byte < 0x20) return false;
      if (byte === BACKSLASH) {
        this.escaped = true;
        // The four digits of \u are left to the parser.
        if (++at >= end || buf[at]! >= 0x80 || ESCAPES[buf[at]!] === 0) return false;
      }
    }
    return false;
  }

  private number(): boolean {
    const { buf, end } = this;
    let at = this.at;
    if (buf[at] === MINUS) at++;
    const first = at;
    while (at < end && isDigit(buf[at]!)) at++;
    if (at === first || (buf[first] === ZERO && at > first + 1)) return false;
    if (at < end && buf[at] === 0x2e) {
      const fraction = ++at;
      while (at < end && isDigit(buf[at]!)) at++;
      if (at === fraction) return false;
    }
    // An exponent is left to the parser: what follows a number is neither e nor E.
    this.at = at;
    return true;
  }

  private word(first: number): boolean {
    const { buf, at } = this;
    let length: number;
    if (first === 0x74 && buf[at + 1] === 0x72 && buf[at + 2] === 0x75 && buf[at + 3] === 0x65) length = 4;
    else if (first === 0x6e && buf[at + 1] === 0x75 && buf[at + 2] === 0x6c && buf[at + 3] === 0x6c)
      length = 4;
    else if (
      first === 0x66 &&
      buf[at + 1] === 0x61 &&
      buf[at + 2] === 0x6c &&
      buf[at + 3] === 0x73 &&
      buf[at + 4] === 0x65
    )
      length = 5;
    else return false;
    this.at += length;
    return this.at <= this.end;
  }

  private skipSpace(): void {
    for (; this.at < this.end; this.at++) {
      const byte = this.buf[this.at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
