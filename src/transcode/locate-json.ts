// Fills `Places` from one JSON document: the same walk as locate.ts makes over an Avro datum. What it goes through is
// JSON that `parseJsonEvent` takes, and then the fields are where it says. Anything out of the ordinary ends the walk:
// escapes in a text that is wanted, a field of another type, a member that stands there twice.
//
// State: `at` moves through `buf`; `seen` has a bit for each wanted member of the event met so far.

import { JsonBytes } from "../events/json-bytes.ts";
import { type JsonMember, type JsonMembers, wantedMembers } from "./json-members.ts";
import { MAX_JSON_DEPTH, notPlain, type Places, sameBytes } from "./places.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NULL = Buffer.from("null");
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
/** Digits of a whole number that a double holds exactly; ten to the power of so many is exact, too. */
const SAFE_DIGITS = 15;
const POWERS = Array.from({ length: SAFE_DIGITS + 1 }, (_, power) => 10 ** power);

export class JsonLocate {
  private readonly json = new JsonBytes();
  private buf: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  private seen = 0;

  constructor(private readonly places: Places) {}

  /** The bytes are known to be UTF-8. False: left to the stages. */
  locate(buf: Buffer, start: number, end: number): boolean {
    this.places.begin(buf);
    this.buf = buf;
    this.at = start;
    this.end = end;
    this.seen = 0;
    try {
      this.object(wantedMembers);
    } catch (error) {
      if (error === notPlain) return false;
      throw error;
    }
    return this.byteAfterSpace() === -1;
  }

  private object(members: JsonMembers): void {
    if (!this.openObject()) return;
    do {
      const from = this.name();
      const member = members.find(this.buf, from, this.at - 1);
      this.colon();
      if (!member) this.skip(this.json);
      else this.take(member);
    } while (this.another());
  }

  private take(member: JsonMember): void {
    const { seen } = this;
    if ((seen & member.bit) !== 0) throw notPlain;
    this.seen = seen | member.bit;
    const { places, at } = this;
    switch (member.form) {
      case "text":
        this.text(member.slot);
        break;
      case "json":
        this.span(member.slot, at, this.skip(this.json));
        break;
      case "context":
        this.span(member.slot, at, this.skip(places.context));
        break;
      case "number":
        if (!this.isNull()) places.numbers[member.slot] = this.number();
        break;
      case "flag":
        if (!this.isNull()) places.numbers[member.slot] = this.flag();
        break;
      case "record":
        if (!this.isNull()) this.object(member.inside!);
        break;
      default:
        if (!this.isNull()) this.textMap();
    }
  }

  private span(slot: number, from: number, to: number): void {
    this.places.from[slot] = from;
    this.places.to[slot] = to;
  }

  private text(slot: number): void {
    if (this.buf[this.at] !== QUOTE && this.isNull()) return;
    const from = this.name();
    this.span(slot, from, this.at - 1);
  }

  private textMap(): void {
    const { places } = this;
    places.kinds = 0;
    if (!this.openObject()) return;
    do {
      const kindFrom = this.name();
      const kindTo = this.at - 1;
      this.colon();
      const keyFrom = this.name();
      places.addEntry(kindFrom, kindTo, keyFrom, this.at - 1);
    } while (this.another());
  }

  /** False: it is empty, and behind us. */
  private openObject(): boolean {
    if (this.at >= this.end || this.buf[this.at++] !== OPEN_OBJECT) throw notPlain;
    if (this.byteAfterSpace() !== CLOSE_OBJECT) return true;
    this.at++;
    return false;
  }

  /** Behind a member: false at the end of its object. */
  private another(): boolean {
    const byte = this.byteAfterSpace();
    this.at++;
    if (byte === COMMA) {
      this.byteAfterSpace();
      return true;
    }
    if (byte !== CLOSE_OBJECT) throw notPlain;
    return false;
  }

  private colon(): void {
    if (this.byteAfterSpace() !== COLON) throw notPlain;
    this.at++;
    this.byteAfterSpace();
  }

  /** A text without escapes; yields where its inside begins. Behind it, `at - 1` is where that ends. */
  private name(): number {
    const { buf, end } = this;
    const from = this.at + 1;
    if (from >= end || buf[this.at] !== QUOTE) throw notPlain;
    for (let at = from; at < end; at++) {
      const byte = buf[at]!;
      if (byte === QUOTE) {
        this.at = at + 1;
        return from;
      }
      if (byte === BACKSLASH || byte < 0x20) throw notPlain;
    }
    throw notPlain;
  }

  /** A value of any form; yields its end. */
  private skip(json: JsonBytes): number {
    const end = json.valueEnd(this.buf, this.at, this.end, MAX_JSON_DEPTH);
    if (end < 0) throw notPlain;
    this.at = end;
    return end;
  }

  /** Null stands for an absent field here; where it does not, the field is taken as JSON. */
  private isNull(): boolean {
    return this.word(NULL);
  }

  private flag(): number {
    if (this.word(TRUE)) return 1;
    if (this.word(FALSE)) return 0;
    throw notPlain;
  }

  private word(word: Buffer): boolean {
    const { at, end, buf } = this;
    if (at + word.length > end || buf[at] !== word[0]) return false;
    if (!sameBytes(buf, at, word, 0, word.length)) return false;
    this.at = at + word.length;
    return true;
  }

  /** A quotient of two numbers that are exact is the nearest double. */
  private number(): number {
    const { buf, end, at: from } = this;
    const negative = buf[from] === MINUS;
    const first = negative ? from + 1 : from;
    let at = first;
    let digits = 0;
    let point = 0;
    for (; at < end; at++) {
      const byte = buf[at]!;
      if (byte >= ZERO && byte <= NINE) digits = digits * 10 + (byte - ZERO);
      else if (byte === POINT && point === 0 && at > first) point = at;
      else break;
    }
    const length = at - first;
    if (length > SAFE_DIGITS) return this.longNumber();
    const leadingZero = length > 1 && buf[first] === ZERO && buf[first + 1] !== POINT;
    if (length === 0 || leadingZero || point === at - 1) throw notPlain;
    this.at = at;
    const value = point === 0 ? digits : digits / POWERS[at - point - 1]!;
    return negative ? -value : value;
  }

  private longNumber(): number {
    const { at: from } = this;
    const value = Number(this.buf.toString("latin1", from, this.skip(this.json)));
    if (!Number.isFinite(value)) throw notPlain;
    return value;
  }

  /** The next byte that is no white space, where `at` then is; -1 at the end. */
  private byteAfterSpace(): number {
    const { buf, end } = this;
    for (; this.at < end; this.at++) {
      const byte = buf[this.at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return -1;
  }
}
