// The fused plan at work: Avro data or JSON documents -> the bytes of their Segment events, without an object on the way. It
// runs what the stages avro-decode or json-decode, filter-enabled, filter-time, segment-event and the sink's encoding would.
//
// The stages are the rule, this is the short cut: it takes what it surely treats as they do, and leaves every other
// datum to them (`notPlain`), the bad ones first of all. So dead letters, odd shapes and errors have one place.
//
// Per datum: locate its fields -> is it exported -> what kind -> who -> write one event for each destination. Nothing
// is counted or kept until the last of them is written.

import { isUtf8 } from "node:buffer";

import { BoundedCache } from "../avro/bounded-cache.ts";
import type { DatumLimits } from "../avro/limits.ts";
import { type AvroSchema, loadWriterSchema } from "../avro/schema.ts";
import type { Enablement, WriterSchema } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import {
  COLUMNS,
  DATUM,
  type DataBlock,
  ID,
  LANE,
  LENGTH,
  NAME,
  type PackedEvents,
  START,
  type Told,
} from "../engine/packed.ts";
import { writeShortName } from "../events/short-name.ts";
import type { SegmentEventConfig } from "../transforms/segment-event/config.ts";
import { ByteWriter } from "./byte-writer.ts";
import { DropTally } from "./drop-tally.ts";
import { compileLocate, type Locate } from "./locate.ts";
import { JsonLocate } from "./locate-json.ts";
import { MESSAGE_ID_BYTES, MessageBytes } from "./message-bytes.ts";
import { notPlain, Places, TEXTS } from "./places.ts";
import { type ReceiversOf, type Scope, Scopes } from "./scopes.ts";
import { DROPS, Verdicts } from "./verdicts.ts";

export interface TranscoderSettings {
  /** For Avro data; undefined: those are left to the stages. */
  readonly avro: { readonly reader: AvroSchema; readonly limits: DatumLimits } | undefined;
  /** Whether JSON documents are taken. */
  readonly json: boolean;
  /** `filter-enabled` lets evaluations in experiments pass. */
  readonly experiments: boolean;
  /** Of each `filter-time`, in Unix milliseconds. */
  readonly windows: readonly { readonly sinceMs: number; readonly untilMs: number }[];
  readonly segmentEvent: SegmentEventConfig;
  readonly destinations: ReceiversOf;
  readonly enablement: Enablement;
  /** The sink's lane for a destination. */
  readonly laneOf: (destination: string) => string;
  /** The byte between two events. */
  readonly separator: number;
  /** A larger event is left to the stages, which refuse it. */
  readonly maxEventBytes: number;
  readonly wallMs: () => number;
  /** Says of each datum what became of it. */
  readonly tells?: boolean;
}

const DAY_MS = 86_400_000;
const FIRST_ROWS = 1_024;
const MAX_WRITERS = 16;

/** Breaks off the whole block; anything else that is thrown is about one datum. */
export class BlockBroken extends Error {}

export class Transcoder {
  private readonly places = new Places();
  private readonly tally = new DropTally(DROPS);
  private readonly scopes: Scopes;
  private readonly messages: MessageBytes;
  private readonly verdicts: Verdicts;
  private readonly json = new JsonLocate(this.places);
  private readonly locates = new BoundedCache<string, Locate | null>(MAX_WRITERS);
  private table = new Int32Array(FIRST_ROWS * COLUMNS);
  private rows = 0;
  private told: Told | undefined;

  constructor(private readonly settings: TranscoderSettings) {
    const { destinations, enablement, laneOf } = settings;
    this.scopes = new Scopes(destinations, enablement, laneOf);
    this.verdicts = new Verdicts(this.places, settings);
    this.messages = new MessageBytes(this.places, settings.segmentEvent);
  }

  /** Writes into `space`, or into a larger buffer when that is too small. Undefined: not for this schema. */
  run(
    { body, borders, writerSchema }: Pick<DataBlock, "body" | "borders" | "writerSchema">,
    space: Buffer,
  ): PackedEvents | undefined {
    const locate = writerSchema ? this.locateFor(writerSchema) : this.locateJson(body);
    if (!locate) return undefined;
    const { separator } = this.settings;
    const out = new ByteWriter(space);
    const left: number[] = [];
    this.told = this.settings.tells ? toldOf(borders.length - 1, this.told) : undefined;
    this.scopes.beginBlock();
    this.verdicts.latestMs = this.settings.wallMs() + DAY_MS;
    this.rows = 0;
    this.tally.take(); // Of a block that was broken off.
    for (let index = 0; index + 1 < borders.length; index++)
      if (!this.take(locate, body, borders[index]!, borders[index + 1]!, index, out)) left.push(index);
    return {
      bytes: out.buf,
      separator,
      table: this.table.slice(0, this.rows * COLUMNS),
      events: this.rows,
      lanes: [...this.scopes.lanes],
      drops: this.tally.take(),
      left,
      idBytes: MESSAGE_ID_BYTES,
      told: this.told,
    };
  }

  private locateJson(body: Buffer): Locate | undefined {
    if (!this.settings.json) return undefined;
    // One look at all lines; line by line only where one of them is bad.
    const isText = isUtf8(body);
    return (buf, start, end) =>
      (isText || isUtf8(buf.subarray(start, end))) && this.json.locate(buf, start, end);
  }

  private locateFor(writer: WriterSchema): Locate | null {
    const known = this.locates.get(writer.key);
    if (known !== undefined) return known;
    const made = this.compile(writer);
    this.locates.set(writer.key, made);
    return made;
  }

  private compile(writer: WriterSchema): Locate | null {
    const { avro } = this.settings;
    if (!avro) return null;
    try {
      return compileLocate(avro.reader, loadWriterSchema(writer), avro.limits, this.places) ?? null;
    } catch (error) {
      if (error instanceof DataError) return null; // The stages say what is wrong with it.
      throw error;
    }
  }

  /**
   * False: left to the stages, and nothing happened. So is what a bug broke off: there it is either met again, and that one
   * value dead-lettered as `bug`, or not, and nothing is lost; a message that ended the run would end it again and again.
   */
  private take(
    locate: Locate,
    body: Buffer,
    start: number,
    end: number,
    index: number,
    out: ByteWriter,
  ): boolean {
    const { at } = out;
    const { rows } = this;
    try {
      if (!locate(body, start, end)) return false;
      this.event(index, end - start, out);
      return true;
    } catch (error) {
      if (error instanceof BlockBroken) throw error;
      out.at = at;
      this.rows = rows;
      return false;
    }
  }

  private event(index: number, datumBytes: number, out: ByteWriter): void {
    const { places, verdicts, told } = this;
    const kind = verdicts.kind();
    const scope = this.scopes.of(places);
    if (told) noteId(told, index, places);
    const drop = verdicts.drop(scope, kind);
    if (drop < 0) {
      this.write(scope, kind, index, datumBytes, out);
      return;
    }
    const dropped = this.tally.add(drop, verdicts.detail);
    if (told) told.dropped[index] = dropped;
  }

  private write(scope: Scope, kind: string, index: number, datumBytes: number, out: ByteWriter): void {
    const { messages, settings } = this;
    messages.begin(kind, this.verdicts.time());
    for (const receiver of scope.receivers) {
      // Each byte of the datum is written at most three times, escaped at worst; and the names around them.
      out.ensure(datumBytes * 6 + scope.inProperties.length + 2_048);
      const start = out.at;
      const id = messages.write(out, scope, receiver);
      const length = out.at - start;
      if (length > settings.maxEventBytes) throw notPlain;
      out.byte(settings.separator);
      this.row(index, receiver.lane, start, length, id);
    }
  }

  private row(index: number, lane: number, start: number, length: number, id: string): void {
    const at = this.rows * COLUMNS;
    if (at === this.table.length) {
      const larger = new Int32Array(at * 2);
      larger.set(this.table);
      this.table = larger;
    }
    const { table } = this;
    table[at + DATUM] = index;
    table[at + LANE] = lane;
    table[at + START] = start;
    table[at + LENGTH] = length;
    writeShortName(id, 0, table, at + NAME);
    table[at + ID] = this.messages.idAt;
    this.rows += 1;
  }
}

/** Events without an id are known by their key. */
function noteId({ ids }: Told, index: number, { from, to }: Places): void {
  const slot = to[TEXTS["event.id"]]! >= 0 ? TEXTS["event.id"] : TEXTS["event.key"];
  ids[2 * index] = from[slot]!;
  ids[2 * index + 1] = Math.max(from[slot]!, to[slot]!);
}

function toldOf(data: number, before: Told | undefined): Told {
  const told =
    before && before.dropped.length >= data
      ? before
      : { ids: new Int32Array(2 * data), dropped: new Int32Array(data) };
  told.ids.fill(0);
  told.dropped.fill(-1);
  return told;
}
