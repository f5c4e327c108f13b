// Readers of everything that is no record, array, map or union, from the writer's form to the reader's.

import type { Type } from "avsc";

import type { Cursor } from "./cursor.ts";
import {
  decimalText,
  durationText,
  MAX_DECIMAL_BYTES,
  type Read,
  readDate,
  readJson,
  readTime,
} from "./plain-forms.ts";
import { MarkedType } from "./schema.ts";
import { type Shape, shapeOf } from "./type-shape.ts";

const readInt = (cursor: Cursor): number => cursor.int();
const readLong = (cursor: Cursor): number => cursor.long();

/** Kinds and names are known to fit. Undefined when these two do not after all. */
export function readScalar(writer: Type, reader: Type, bytes: "base64" | "view"): Read | undefined {
  const from = shapeOf(writer);
  const to = shapeOf(reader);
  if (from.kind === "enum" && to.kind === "enum") return readEnum(from.symbols, to);
  if (to.kind === "fixed" && !(from.kind === "fixed" && from.size === to.size)) return undefined;
  switch (to.kind) {
    case "null":
      return () => undefined;
    case "boolean":
      return (cursor) => cursor.boolean();
    case "int":
    case "long":
      return readInteger(writer, reader);
    case "float":
    case "double":
      return readFraction(from.kind);
    case "string":
      return reader instanceof MarkedType && reader.mark === "json" ? readJson : (cursor) => cursor.string();
    case "bytes":
    case "fixed":
      return readBytes(from, writer, reader, bytes);
    default:
      return undefined;
  }
}

function readEnum(written: readonly string[], reader: Extract<Shape, { kind: "enum" }>): Read {
  const known = new Set(reader.symbols);
  const symbols = written.map((symbol) => (known.has(symbol) ? symbol : reader.fallback));
  return (cursor) => {
    const index = cursor.enumIndex(symbols.length);
    return (
      symbols[index] ?? cursor.fail("avro-bad-enum", `symbol ${written[index]} is not in the reader's schema`)
    );
  };
}

/** The reader decides whether a number is a time, the writer in which unit. */
function readInteger(writer: Type, reader: Type): Read {
  const readNumber = shapeOf(writer).kind === "int" ? readInt : readLong;
  const ours = markOf(reader);
  if (ours === "date") return readDate;
  if (ours === undefined || !isTime(ours)) return readNumber;
  const theirs = markOf(writer);
  const sameFamily = theirs !== undefined && familyOf(theirs) === familyOf(ours);
  return readTime(readNumber, sameFamily ? theirs : ours);
}

function readFraction(from: Shape["kind"]): Read {
  if (from === "int") return readInt;
  if (from === "long") return readLong;
  const single = from === "float";
  return (cursor) => {
    const value = single ? cursor.float() : cursor.double();
    if (!Number.isFinite(value)) cursor.fail("avro-not-finite", `${value} has no JSON form`);
    return value;
  };
}

function readBytes(from: Shape, writer: Type, reader: Type, form: "base64" | "view"): Read {
  const take = takeBytes(from);
  if (reader instanceof MarkedType && reader.mark === "decimal") {
    const scale = writer instanceof MarkedType ? writer.scale : reader.scale;
    return (cursor) => {
      const bytes = take(cursor);
      if (bytes.length > MAX_DECIMAL_BYTES)
        cursor.fail("avro-bad-decimal", `a decimal of ${bytes.length} bytes`);
      return decimalText(bytes, scale);
    };
  }
  if (reader instanceof MarkedType && reader.mark === "duration")
    return (cursor) => durationText(take(cursor));
  return form === "view" ? take : (cursor) => take(cursor).toString("base64");
}

function takeBytes(from: Shape): (cursor: Cursor) => Buffer {
  if (from.kind !== "fixed") return (cursor) => cursor.bytes();
  const { size } = from;
  return (cursor) => {
    const at = cursor.pos;
    cursor.skip(size);
    return cursor.buf.subarray(at, at + size);
  };
}

function markOf(type: Type): string | undefined {
  return type instanceof MarkedType ? type.mark : undefined;
}

function isTime(mark: string): boolean {
  return mark.startsWith("time") || mark.startsWith("local-time");
}

/** `timestamp`, `local-timestamp` or `time`, without the unit. */
function familyOf(mark: string): string {
  return mark.slice(0, mark.lastIndexOf("-"));
}
