// `properties` of each kind, from the places of the datum: what transforms/segment-event/properties.ts builds, as bytes.
// A comma stands before each property, as the first ones (`contextKeys`, `project`, …) are always there.

import { BoundedCache } from "../avro/bounded-cache.ts";
import { parseJsonText } from "../events/json-text.ts";
import type { SegmentEventConfig } from "../transforms/segment-event/config.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { FLAGS, LONG, NUMBERS, type Places, TEXTS } from "./places.ts";

const VALUE = TEXTS["event.value"];
const DEFAULT = TEXTS["event.default"];
const REASON_KIND = TEXTS["event.reason.kind"];
const VARIATION = NUMBERS["event.variation"];
const IN_EXPERIMENT = FLAGS["event.reason.inExperiment"];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const MAX_JSON_DEPTH = 60;
/** Digits of a whole number that is surely written as it was read. */
const SAFE_DIGITS = 15;

const MAX_KNOWN_VALUES = 256;
const MAX_KNOWN_LENGTH = 512;

const named = (name: string): Buffer => Buffer.from(`,"${name}":`);
const text = (name: string, value: string): Buffer => Buffer.from(`,"${name}":"${value}"`);
const DEFAULT_TRUE = text("default", "true");
const DEFAULT_FALSE = text("default", "false");
const IN_EXPERIMENT_TRUE = Buffer.from(',"inExperiment":true');
const IN_EXPERIMENT_FALSE = Buffer.from(',"inExperiment":false');
const NAMES = {
  flagVersion: named("flagVersion"),
  key: named("key"),
  prereqOf: named("prereqOf"),
  reasonKind: named("reasonKind"),
  value: named("value"),
  variation: named("variation"),
  variationName: named("variationName"),
  selector: named("selector"),
  url: named("url"),
  metricValue: named("metricValue"),
  version: named("version"),
};

export class PropertyBytes {
  private readonly native: boolean;
  private readonly strict: boolean;
  /** Text of a value -> what is written. A flag serves a few values again and again. */
  private readonly rareValues = new BoundedCache<string, string>(MAX_KNOWN_VALUES);

  constructor(
    private readonly places: Places,
    config: SegmentEventConfig,
  ) {
    this.native = config.value === "native";
    this.strict = config.default === "strict-variation";
  }

  feature(out: ByteWriter): void {
    const { places } = this;
    if (places.has(DEFAULT)) out.constant(this.servedDefault() ? DEFAULT_TRUE : DEFAULT_FALSE);
    this.number(out, NAMES.flagVersion, NUMBERS["event.version"]);
    const inExperiment = places.numbers[IN_EXPERIMENT]!;
    if (inExperiment === 1) out.constant(IN_EXPERIMENT_TRUE);
    else if (inExperiment === 0) out.constant(IN_EXPERIMENT_FALSE);
    this.text(out, NAMES.key, TEXTS["event.key"]);
    this.name(out, NAMES.prereqOf, TEXTS["event.prereqOf"]);
    this.name(out, NAMES.reasonKind, REASON_KIND);
    this.value(out);
    this.number(out, NAMES.variation, VARIATION);
    this.name(out, NAMES.variationName, TEXTS["event.variationName"]);
  }

  click(out: ByteWriter): void {
    this.text(out, NAMES.key, TEXTS["event.key"]);
    this.text(out, NAMES.selector, TEXTS["event.selector"]);
    this.text(out, NAMES.url, TEXTS["event.url"]);
  }

  custom(out: ByteWriter): void {
    this.text(out, NAMES.key, TEXTS["event.key"]);
    this.number(out, NAMES.metricValue, NUMBERS["event.metricValue"]);
  }

  pageview(out: ByteWriter): void {
    this.text(out, NAMES.key, TEXTS["event.key"]);
    this.text(out, NAMES.url, TEXTS["event.url"]);
  }

  version(out: ByteWriter): void {
    this.number(out, NAMES.version, NUMBERS.version);
  }

  private servedDefault(): boolean {
    const { places } = this;
    const fellBack = Number.isNaN(places.numbers[VARIATION]!) || this.is(REASON_KIND, "ERROR");
    if (this.is(DEFAULT, "true")) return !this.strict || fellBack;
    if (this.is(DEFAULT, "false") && (!this.strict || fellBack)) return false;
    return fellBack;
  }

  private value(out: ByteWriter): void {
    const { places, native } = this;
    if (!places.has(VALUE) || this.is(VALUE, "null")) return;
    const { buf } = places;
    const from = places.from[VALUE]!;
    const to = places.to[VALUE]!;
    out.constant(NAMES.value);
    if (this.isPlainText(from, to)) out.raw(buf, from, to);
    else if (this.is(VALUE, "true") || this.is(VALUE, "false") || this.isPlainNumber(from, to)) {
      if (!native) out.byte(QUOTE);
      out.raw(buf, from, to);
      if (!native) out.byte(QUOTE);
    } else out.string(this.rareValue(buf.toString("utf8", from, to)));
  }

  private rareValue(json: string): string {
    const known = this.rareValues.get(json);
    if (known !== undefined) return known;
    const value = parseJsonText(json, MAX_JSON_DEPTH);
    const compact = JSON.stringify(value);
    const made = this.native || typeof value === "string" ? compact : JSON.stringify(compact);
    if (json.length <= MAX_KNOWN_LENGTH) this.rareValues.set(json, made);
    return made;
  }

  private isPlainText(from: number, to: number): boolean {
    const { buf } = this.places;
    if (buf[from] !== QUOTE || buf[to - 1] !== QUOTE) return false;
    if (to - from > LONG) return !buf.subarray(from, to).includes(BACKSLASH);
    for (let at = from + 1; at < to; at++) if (buf[at] === BACKSLASH) return false;
    return true;
  }

  private isPlainNumber(from: number, to: number): boolean {
    const { buf } = this.places;
    if (to - from > SAFE_DIGITS || (buf[from] === ZERO && to > from + 1)) return false;
    for (let at = from; at < to; at++) if (buf[at]! < ZERO || buf[at]! > 0x39) return false;
    return true;
  }

  private number(out: ByteWriter, name: Buffer, slot: number): void {
    const value = this.places.numbers[slot]!;
    if (Number.isNaN(value)) return;
    out.constant(name);
    out.number(value);
  }

  /** Present and not empty. */
  private name(out: ByteWriter, name: Buffer, slot: number): void {
    if (this.places.length(slot) > 0) this.text(out, name, slot);
  }

  private text(out: ByteWriter, name: Buffer, slot: number): void {
    const { places } = this;
    if (!places.has(slot)) return;
    out.constant(name);
    out.byte(QUOTE);
    out.text(places.buf, places.from[slot]!, places.to[slot]!);
    out.byte(QUOTE);
  }

  private is(slot: number, word: string): boolean {
    const { buf, from } = this.places;
    if (!this.places.has(slot) || this.places.length(slot) !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (buf[from[slot]! + i] !== word.charCodeAt(i)) return false;
    return true;
  }
}
