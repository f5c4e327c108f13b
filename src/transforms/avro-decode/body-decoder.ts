// From the bytes of one entry to its event, by whichever encoding it has.

import { gunzipSync } from "node:zlib";

import { compileDecoder, type Decode } from "../../avro/decode.ts";
import { Decoders } from "../../avro/decoders.ts";
import { binaryFromJson } from "../../avro/json-encoding.ts";
import type { DatumLimits } from "../../avro/limits.ts";
import type { SchemaRevisions } from "../../avro/revisions.ts";
import type { AvroSchema } from "../../avro/schema.ts";
import { SINGLE_OBJECT_HEADER, singleObjectFingerprint } from "../../avro/single-object.ts";
import type { BodyForm, Origin, WriterSchema } from "../../engine/contracts.ts";
import { DataError, toError } from "../../engine/errors.ts";
import { parseJsonEvent } from "../../events/parse-json-event.ts";
import { detect } from "./detect.ts";
import { hasTopicSchema, type TopicSchema, topicSchemaOf } from "./topic-schema.ts";

export type Encoding = "auto" | "binary" | "single-object" | "pubsub" | "json";

export interface BodyDecoderOptions {
  readonly encoding: Encoding;
  readonly reader: AvroSchema;
  /** Known by fingerprint only; the reader's own is always known. */
  readonly writers: readonly AvroSchema[];
  /** The name of the topic's schema where the messages do not tell; or empty. */
  readonly topicSchema: string;
  readonly limits: DatumLimits & { readonly maxInflatedBytes: number };
  readonly revisions: SchemaRevisions;
}

export class BodyDecoder {
  private readonly decoders: Decoders;
  /** For what was written with our own schema. */
  private readonly own: Decode;
  private readonly byFingerprint: ReadonlyMap<bigint, WriterSchema>;
  private lastAttributes: Origin["attributes"] | undefined;
  private lastWriter: WriterSchema | undefined;

  constructor(private readonly options: BodyDecoderOptions) {
    const { reader, writers, limits } = options;
    this.decoders = new Decoders(reader, { limits });
    this.own = compileDecoder(reader, reader, { limits });
    this.byFingerprint = new Map([...writers, reader].map((schema) => [schema.fingerprint, schema]));
  }

  /** A promise when the message's schema revision must be fetched first. */
  prepare(origin: Origin): Promise<void> | undefined {
    if (!this.usesTopicSchema(origin)) return undefined;
    const schema = this.soundTopicSchema(origin);
    if (!schema) return undefined;
    const { name, revision } = schema;
    const { revisions } = this.options;
    if (name === "" || revisions.ready(name, revision)) return undefined;
    return revisions.get(name, revision).then(() => undefined);
  }

  /** See `Transform.formOf`. */
  formOf(origin: Origin): BodyForm | undefined {
    if (origin.writerSchema) return origin.writerSchema;
    if (this.usesTopicSchema(origin)) return this.topicWriter(origin);
    const { encoding, reader } = this.options;
    const found = encoding === "auto" ? detect(origin.body) : encoding;
    if (found === "binary") return reader;
    return found === "plain-json" ? "json" : undefined;
  }

  /** `bytes` is the body of `origin`. Throws DataError. */
  decode(bytes: Uint8Array, origin: Origin): unknown {
    const body = asBuffer(bytes);
    if (origin.writerSchema) return this.datum(origin.writerSchema, body);
    if (this.usesTopicSchema(origin)) return this.fromTopic(this.topicSchema(origin), body);
    switch (this.options.encoding) {
      case "auto":
        return this.detected(body, true);
      case "single-object":
        return this.singleObject(body);
      case "json":
        return this.ownDatum(binaryFromJson(this.options.reader, body));
      default:
        return this.ownDatum(body);
    }
  }

  private usesTopicSchema(origin: Origin): boolean {
    const { encoding } = this.options;
    if (origin.writerSchema) return false;
    return encoding === "pubsub" || (encoding === "auto" && hasTopicSchema(origin));
  }

  /** Undefined: `decode` throws what is wrong with it, where it is expected. */
  private soundTopicSchema(origin: Origin): TopicSchema | undefined {
    try {
      return this.topicSchema(origin);
    } catch (error) {
      if (error instanceof DataError) return undefined;
      throw error;
    }
  }

  private topicSchema(origin: Origin): TopicSchema {
    return topicSchemaOf(origin, this.options.topicSchema);
  }

  /** Most messages of a topic share one object of attributes: what was found for one holds for the next. */
  private topicWriter(origin: Origin): WriterSchema | undefined {
    const { attributes } = origin;
    if (attributes === this.lastAttributes) return this.lastWriter;
    const schema = this.soundTopicSchema(origin);
    if (schema?.encoding !== "BINARY") return undefined;
    const { name, revision } = schema;
    const { revisions, reader } = this.options;
    const found = name === "" ? reader : revisions.ready(name, revision) && revisions.peek(name, revision);
    if (!found || found instanceof DataError) return undefined;
    this.lastAttributes = attributes;
    this.lastWriter = found;
    return found;
  }

  private datum(writer: WriterSchema, body: Buffer): unknown {
    return this.decoders.for(writer).decode(body, 0, body.length);
  }

  private ownDatum(body: Buffer): unknown {
    return this.own(body, 0, body.length);
  }

  private fromTopic(schema: TopicSchema, body: Buffer): unknown {
    // A datum never begins with `{` (see detect.ts), so a missing encoding shows.
    const isJson = schema.encoding === "JSON" || (schema.encoding === "" && detect(body) === "plain-json");
    if (schema.name === "") return this.ownDatum(isJson ? binaryFromJson(this.options.reader, body) : body);
    const found = this.options.revisions.peek(schema.name, schema.revision);
    if (found === undefined) throw new Error("apply was called before prepare was done");
    if (found instanceof DataError) throw new DataError(found.code, found.message);
    const { writer, decode } = this.decoders.for(found);
    const datum = isJson ? binaryFromJson(writer, body) : body;
    return decode(datum, 0, datum.length);
  }

  private detected(body: Buffer, mayInflate: boolean): unknown {
    const encoding = detect(body);
    switch (encoding) {
      case "plain-json":
        return parseJsonEvent(body);
      case "single-object":
        return this.singleObject(body);
      case "gzip":
        if (!mayInflate) throw new DataError("gzip-corrupt", "The body is gzip inside gzip.");
        return this.detected(inflate(body, this.options.limits.maxInflatedBytes), false);
      default:
        return this.ownDatum(body);
    }
  }

  private singleObject(body: Buffer): unknown {
    const fingerprint = singleObjectFingerprint(body);
    const writer = this.byFingerprint.get(fingerprint);
    if (!writer)
      throw new DataError(
        "avro-unknown-fingerprint",
        `No schema with fingerprint ${fingerprint.toString(16).padStart(16, "0")} is known; list it in writerSchemas.`,
      );
    return this.decoders.for(writer).decode(body, SINGLE_OBJECT_HEADER, body.length);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function inflate(body: Buffer, maxInflatedBytes: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: maxInflatedBytes });
  } catch (thrown) {
    const cause = toError(thrown);
    if ("code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE")
      throw new DataError(
        "gzip-too-large",
        `The body of ${body.length} bytes inflates to more than ${maxInflatedBytes} bytes.`,
        { cause },
      );
    throw new DataError(
      "gzip-corrupt",
      `The body begins like gzip, but does not inflate: ${cause.message}.`,
      {
        cause,
      },
    );
  }
}
