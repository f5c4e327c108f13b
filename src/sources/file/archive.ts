// Pub/Sub messages inside container files, told by the schema that the file was written with.
//
// - Cloud Storage subscriptions (Google Cloud docs, "Create Cloud Storage subscriptions"): `PubsubMessage`, or
//   `PubsubMessageWithMetadata` with the time in microseconds. With "use topic schema" the record is the topic's
//   own, and with metadata it has the four metadata fields added: then the record itself is the body.
// - Dataflow templates (Google Cloud docs, "Pub/Sub to Avro files on Cloud Storage"): `AvroPubsubMessageRecord`,
//   time in milliseconds.
//
// Entries keep `file:offset#index` as their id even where a message id is there: an archive may hold the same
// message twice, and a position can be looked up. Nothing here throws on content: a datum is walked only after the
// scan has proved its structure, and text that is not UTF-8 comes out with replacement characters.

import type { Type } from "avsc";

import { Cursor } from "../../avro/cursor.ts";
import { compileSkip, type Skip } from "../../avro/skip.ts";
import type { AvroSchema } from "../../avro/schema.ts";
import { type FieldShape, shapeOf } from "../../avro/type-shape.ts";
import { noAttributes } from "./input-block.ts";

/** Where the parts of one archived message are in its block; -1 for what it lacks. */
export interface Parts {
  bodyStart: number;
  bodyEnd: number;
  attributesAt: number;
  attributesEnd: number;
  timeAt: number;
}

export interface Archive {
  /** True: the body is the message as it was published. False: the record itself, under the file's schema. */
  readonly unwraps: boolean;
  locate(data: Buffer, start: number, end: number): Parts;
  attributes(data: Buffer, parts: Parts): Readonly<Record<string, string>>;
  publishedAtMs(data: Buffer, parts: Parts): number;
}

interface Layout {
  readonly body: string | undefined;
  readonly attributes: string | undefined;
  readonly time: string | undefined;
  readonly timeUnitsPerMs: number;
}

const METADATA_FIELDS = ["subscription_name", "message_id", "publish_time", "attributes"];
const MICROS_PER_MS = 1000;

const bare: Layout = { body: "data", attributes: undefined, time: undefined, timeUnitsPerMs: 1 };
const withMetadata: Layout = {
  body: "data",
  attributes: "attributes",
  time: "publish_time",
  timeUnitsPerMs: MICROS_PER_MS,
};
const dataflow: Layout = { body: "message", attributes: "attributes", time: "timestamp", timeUnitsPerMs: 1 };

const envelopes: Readonly<Record<string, Layout>> = {
  "com.google.pubsub.PubsubMessage": bare,
  "com.google.pubsub.PubsubMessageWithMetadata": withMetadata,
  "com.google.cloud.teleport.avro.AvroPubsubMessageRecord": dataflow,
  "com.google.cloud.teleport.v2.avro.AvroPubsubMessageRecord": dataflow,
};

/** Undefined: the data of this file are no archived messages, but events themselves. */
export function archiveOf({ type }: AvroSchema): Archive | undefined {
  const shape = shapeOf(type);
  if (shape.kind !== "record") return undefined;
  const { fields } = shape;
  const envelope = Object.hasOwn(envelopes, type.name ?? "") ? envelopes[type.name ?? ""] : undefined;
  if (envelope && fits(fields, envelope)) return compile(fields, envelope);
  const topicSchema: Layout = { ...withMetadata, body: undefined };
  const hasMetadata = METADATA_FIELDS.every((name) => fields.some((field) => field.name === name));
  return hasMetadata && fits(fields, topicSchema) ? compile(fields, topicSchema) : undefined;
}

/** Whether every part is there in the type that the documentation gives it. */
function fits(fields: readonly FieldShape[], layout: Layout): boolean {
  const typeOf = (name: string): Type | undefined => fields.find((field) => field.name === name)?.type;
  const is = (name: string | undefined, kind: string): boolean => {
    if (name === undefined) return true;
    const type = typeOf(name);
    return type !== undefined && shapeOf(type).kind === kind;
  };
  const attributes = layout.attributes === undefined ? undefined : typeOf(layout.attributes);
  const map = attributes && shapeOf(attributes);
  const mapOfText = map === undefined || (map.kind === "map" && shapeOf(map.values).kind === "string");
  return is(layout.body, "bytes") && is(layout.time, "long") && is(layout.attributes, "map") && mapOfText;
}

type Step = (cursor: Cursor, parts: Parts) => void;

function compile(fields: readonly FieldShape[], layout: Layout): Archive {
  const steps = fields.map((field) => stepFor(field, layout));
  const cursor = new Cursor();
  const unwraps = layout.body !== undefined;
  const attributesFrom = attributesReader(!unwraps);
  return {
    unwraps,
    locate(data, start, end) {
      const parts: Parts = {
        bodyStart: start,
        bodyEnd: end,
        attributesAt: -1,
        attributesEnd: -1,
        timeAt: -1,
      };
      cursor.reset(data, start, end);
      for (const step of steps) step(cursor, parts);
      return parts;
    },
    attributes(data, parts) {
      if (parts.attributesAt < 0) return noAttributes;
      return attributesFrom(data, parts.attributesAt, parts.attributesEnd);
    },
    publishedAtMs(data, parts) {
      if (parts.timeAt < 0) return 0;
      cursor.reset(data, parts.timeAt, data.length);
      return Math.floor(Number(cursor.bigLong()) / layout.timeUnitsPerMs);
    },
  };
}

function stepFor(field: FieldShape, layout: Layout): Step {
  const skip: Skip = compileSkip(field.type);
  switch (field.name) {
    case layout.body:
      return (cursor, parts) => {
        const length = cursor.length();
        parts.bodyStart = cursor.pos;
        parts.bodyEnd = cursor.pos + length;
        cursor.pos = parts.bodyEnd;
      };
    case layout.attributes:
      return (cursor, parts) => {
        parts.attributesAt = cursor.pos;
        skip(cursor);
        parts.attributesEnd = cursor.pos;
      };
    case layout.time:
      return (cursor, parts) => {
        parts.timeAt = cursor.pos;
        skip(cursor);
      };
    default:
      return skip;
  }
}

/**
 * The messages of one file mostly carry the same attributes, so the last ones are kept and given again for the same
 * bytes. `ofOtherBytes`: the body is not what was published, so what Pub/Sub's own attributes (`googclient_…`) say
 * about the encoding of those bytes must not reach a decoder.
 */
function attributesReader(ofOtherBytes: boolean) {
  const cursor = new Cursor();
  let lastBytes: Buffer = Buffer.alloc(0);
  let last = noAttributes;
  return (data: Buffer, start: number, end: number): Readonly<Record<string, string>> => {
    if (lastBytes.length !== end - start || data.compare(lastBytes, 0, lastBytes.length, start, end) !== 0) {
      cursor.reset(data, start, end);
      last = readAttributes(cursor, ofOtherBytes);
      lastBytes = Buffer.from(data.subarray(start, end));
    }
    return last;
  };
}

function readAttributes(cursor: Cursor, ofOtherBytes: boolean): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  for (let count = cursor.blockCount(2); count > 0; count = cursor.blockCount(2)) {
    for (; count > 0; count--) {
      const key = cursor.bytes().toString("utf8");
      const value = cursor.bytes().toString("utf8");
      if (!ofOtherBytes || !key.startsWith("googclient_")) entries.push([key, value]);
    }
  }
  // Unlike an assignment this keeps a key named __proto__.
  return entries.length === 0 ? noAttributes : Object.freeze(Object.fromEntries(entries));
}
