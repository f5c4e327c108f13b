// An Avro schema, read once: avsc parses it (names, namespaces, references, recursion), this file keeps what
// avsc drops (logical types) and adds the keys that others look it up by.

import { createHash } from "node:crypto";

import avro, { type Type } from "avsc";

import type { WriterSchema } from "../engine/contracts.ts";
import { DataError, toError } from "../engine/errors.ts";
import { rabinFingerprint } from "./fingerprint.ts";
import { badSchema, parseSchemaJson } from "./schema-guard.ts";

export interface AvroSchema extends WriterSchema {
  readonly type: Type;
  /** CRC-64-AVRO of the canonical form: how single-object encoding names its writer schema. */
  readonly fingerprint: bigint;
}

/** Names a schema by its text: `key` is equal only for equal texts. */
export function writerSchema(json: string): WriterSchema {
  return { key: createHash("sha256").update(json).digest("hex"), json };
}

/** A schema to read as. Throws DataError `avro-bad-schema`. Costs a millisecond or so: keep the result. */
export function loadReaderSchema(schema: WriterSchema): AvroSchema {
  return load(schema, parseSchemaJson(schema.json, { defaults: true }));
}

/** A schema that data was written with, from wherever. Throws DataError `avro-bad-schema`. */
export function loadWriterSchema(schema: WriterSchema): AvroSchema {
  return load(schema, parseSchemaJson(schema.json, { defaults: false }));
}

function load(schema: WriterSchema, parsed: unknown): AvroSchema {
  try {
    // Unions always wrapped: the one setting under which every union of the specification is accepted.
    const type = avro.Type.forSchema(parsed as never, { wrapUnions: true, logicalTypes, typeHook });
    const canonical = JSON.stringify(type.schema());
    return { ...schema, type, fingerprint: rabinFingerprint(Buffer.from(canonical)) };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw badSchema(toError(error).message.slice(0, 200), error);
  }
}

/** Marks a type whose plain form differs from its underlying type's; values pass through unchanged. */
export class MarkedType extends avro.types.LogicalType {
  readonly mark: string;
  /** Digits after the point of a decimal. */
  readonly scale: number;

  constructor(schema: unknown, options?: unknown) {
    super(schema as never, options);
    const { logicalType, scale } = schema as { logicalType: string; scale?: unknown };
    this.mark = logicalType;
    this.scale =
      typeof scale === "number" && Number.isInteger(scale) && scale >= 0 && scale < 1000 ? scale : 0;
    const under = this.underlyingType as Type & { size?: number };
    // avsc then falls back to the underlying type, as the specification asks for an invalid logical type.
    if (!(UNDERLYING[logicalType] ?? []).includes(under.typeName)) throw new Error("invalid logical type");
    if (logicalType === "duration" && under.size !== 12) throw new Error("invalid duration");
  }

  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    return value;
  }
}

const UNDERLYING: Readonly<Record<string, readonly string[]>> = {
  json: ["string"],
  uuid: ["string"],
  decimal: ["bytes", "fixed"],
  duration: ["fixed"],
  date: ["int"],
  "time-millis": ["int"],
  "time-micros": ["long"],
  "timestamp-millis": ["long"],
  "timestamp-micros": ["long"],
  "timestamp-nanos": ["long"],
  "local-timestamp-millis": ["long"],
  "local-timestamp-micros": ["long"],
  "local-timestamp-nanos": ["long"],
};

const logicalTypes = Object.fromEntries(Object.keys(UNDERLYING).map((name) => [name, MarkedType]));

const KINDS = new Set(["array", "enum", "error", "fixed", "map", "record"]);
const PRIMITIVES = new Set(["null", "boolean", "int", "long", "float", "double", "bytes", "string"]);

/** `{"type": {…}}` and `{"type": "a.Name"}` are legal to Avro's own libraries; avsc wants them unwrapped. */
function typeHook(schema: unknown, options: Parameters<typeof avro.Type.forSchema>[1]): Type | undefined {
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return undefined;
  const inner = (schema as { type?: unknown }).type;
  if (typeof inner === "string" && (KINDS.has(inner) || PRIMITIVES.has(inner))) return undefined;
  if (typeof inner !== "string" && (typeof inner !== "object" || inner === null)) return undefined;
  return avro.Type.forSchema(inner as never, options);
}
