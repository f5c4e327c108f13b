// Where the fields of one export event are in its datum: what the fused plan needs in place of an object.
//
// State: filled by one walk over a datum (locate.ts), good until the next. Nothing in it is allocated per event.

import { isUtf8 } from "node:buffer";

import type { Cursor } from "../avro/cursor.ts";
import { JsonBytes } from "../events/json-bytes.ts";

/** Thrown by a walk that met something which is left to the stages. One object: it carries nothing. */
export const notPlain = new Error("left to the stages");

/** Path in the export event -> slot. `json`: the text of a JSON value. */
export const TEXTS = {
  project: 0,
  environment: 1,
  "event.kind": 2,
  "event.id": 3,
  "event.key": 4,
  "event.reason.kind": 5,
  "event.variationName": 6,
  "event.prereqOf": 7,
  "event.contextKind": 8,
  "event.userKey": 9,
  "event.url": 10,
  "event.selector": 11,
  "event.previousKey": 12,
  "event.value": 13,
  "event.default": 14,
  "event.context": 15,
  "event.user": 16,
} as const;
export const JSON_TEXTS: ReadonlySet<string> = new Set([
  "event.value",
  "event.default",
  "event.context",
  "event.user",
]);
export const NUMBERS = {
  version: 0,
  "event.creationDate": 1,
  "event.version": 2,
  "event.variation": 3,
  "event.metricValue": 4,
} as const;
/** As a number: 0 or 1. */
export const FLAGS = { "event.reason.inExperiment": 5 } as const;
export const TEXT_MAP = "event.contextKeys";
/** Must be records, or absent, for the paths below them to mean anything. */
export const RECORDS: ReadonlySet<string> = new Set(["event", "event.reason"]);

const TEXT_SLOTS = Object.keys(TEXTS).length;
const NUMBER_SLOTS = Object.keys(NUMBERS).length + 1;
/** Context kinds of one event. */
const MAX_KINDS = 8;
/** From here on a call into the runtime is cheaper than a look at each byte. */
export const LONG = 128;
/** As in a field that holds JSON text when it is decoded (avro/plain-forms.ts). */
export const MAX_JSON_DEPTH = 60;

export class Places {
  buf: Buffer = Buffer.alloc(0);
  readonly from = new Int32Array(TEXT_SLOTS);
  /** -1: the field is absent. */
  readonly to = new Int32Array(TEXT_SLOTS);
  /** NaN: the field is absent. */
  readonly numbers = new Float64Array(NUMBER_SLOTS);
  /** Entries of `contextKeys`; -1: it is absent. */
  kinds = -1;
  readonly kindFrom = new Int32Array(MAX_KINDS);
  readonly kindTo = new Int32Array(MAX_KINDS);
  readonly keyFrom = new Int32Array(MAX_KINDS);
  readonly keyTo = new Int32Array(MAX_KINDS);
  /** What is noted of `context`. */
  readonly context = new JsonBytes();
  private readonly json = new JsonBytes();

  begin(buf: Buffer): void {
    this.buf = buf;
    this.kinds = -1;
    for (let slot = 0; slot < TEXT_SLOTS; slot++) this.to[slot] = -1;
    for (let slot = 0; slot < NUMBER_SLOTS; slot++) this.numbers[slot] = Number.NaN;
  }

  has(slot: number): boolean {
    return this.to[slot]! >= 0;
  }

  /** Bytes; 0 when it is absent. */
  length(slot: number): number {
    const to = this.to[slot]!;
    return to < 0 ? 0 : to - this.from[slot]!;
  }

  text(cursor: Cursor, slot: number): void {
    const length = this.skipText(cursor);
    this.to[slot] = cursor.pos;
    this.from[slot] = cursor.pos - length;
  }

  /** A string that is well-formed; yields its length. */
  skipText(cursor: Cursor): number {
    const length = cursor.length();
    const { buf, pos } = cursor;
    const end = pos + length;
    let all = length < LONG ? 0 : 0x80;
    if (all === 0) for (let at = pos; at < end; at++) all |= buf[at]!;
    if (all >= 0x80 && !isUtf8(buf.subarray(pos, end))) throw notPlain;
    cursor.pos = end;
    return length;
  }

  jsonText(cursor: Cursor, slot: number): void {
    this.text(cursor, slot);
    this.checkJson(this.json, cursor, this.from[slot]!);
  }

  skipJson(cursor: Cursor): void {
    const length = this.skipText(cursor);
    this.checkJson(this.json, cursor, cursor.pos - length);
  }

  contextText(cursor: Cursor, slot: number): void {
    this.text(cursor, slot);
    this.checkJson(this.context, cursor, this.from[slot]!);
  }

  double(cursor: Cursor): number {
    const value = cursor.double();
    if (!Number.isFinite(value)) throw notPlain;
    return value;
  }

  /** One entry of `contextKeys`. */
  entry(cursor: Cursor): void {
    const kindLength = this.skipText(cursor);
    const kindTo = cursor.pos;
    const keyLength = this.skipText(cursor);
    this.addEntry(kindTo - kindLength, kindTo, cursor.pos - keyLength, cursor.pos);
  }

  /** Whatever JavaScript would order or name in another way is left to the stages. */
  addEntry(kindFrom: number, kindTo: number, keyFrom: number, keyTo: number): void {
    const index = Math.max(0, this.kinds);
    if (index >= MAX_KINDS || kindFrom === kindTo || keyFrom === keyTo) throw notPlain;
    const first = this.buf[kindFrom]!;
    // A number (sorted first); `__proto__`.
    if ((first >= 0x30 && first <= 0x39) || first === 0x5f) throw notPlain;
    this.kindFrom[index] = kindFrom;
    this.kindTo[index] = kindTo;
    this.keyFrom[index] = keyFrom;
    this.keyTo[index] = keyTo;
    for (let other = 0; other < index; other++) if (this.sameKind(other, index)) throw notPlain;
    this.kinds = index + 1;
  }

  private sameKind(one: number, other: number): boolean {
    const length = this.kindTo[one]! - this.kindFrom[one]!;
    if (length !== this.kindTo[other]! - this.kindFrom[other]!) return false;
    return sameBytes(this.buf, this.kindFrom[one]!, this.buf, this.kindFrom[other]!, length);
  }

  private checkJson(json: JsonBytes, cursor: Cursor, from: number): void {
    if (!json.walk(cursor.buf, from, cursor.pos, MAX_JSON_DEPTH)) throw notPlain;
  }
}

export function sameBytes(
  a: Uint8Array,
  aFrom: number,
  b: Uint8Array,
  bFrom: number,
  length: number,
): boolean {
  for (let at = 0; at < length; at++) if (a[aFrom + at] !== b[bFrom + at]) return false;
  return true;
}
