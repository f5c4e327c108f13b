// Finds where a datum ends without decoding it, and proves on the way that decoding it is harmless.
//
// Only what decides where things are is checked here. Content (UTF-8, an enum's symbol, a boolean's value, the
// range of a long) is left to the decoder, so that one bad event in a block of a file is a dead letter alone
// and not the whole block.

import type { Type } from "avsc";

import { DataError } from "../engine/errors.ts";
import { Cursor } from "./cursor.ts";
import { type DatumLimits, defaultDatumLimits } from "./limits.ts";
import { leastBytes, shapeOf } from "./type-shape.ts";

/** Yields the end of the datum that starts at `start` and must end at `end` or before. Throws DataError. */
export interface Scan {
  (buf: Buffer, start: number, end: number): number;
  /** The least number of bytes a datum takes. */
  readonly leastBytes: number;
  readonly limits: DatumLimits;
}

export type Skip = (cursor: Cursor) => void;

/** Compiles once per schema; the result allocates nothing per datum and must not be entered twice at once. */
export function compileScan(type: Type, limits: DatumLimits = defaultDatumLimits): Scan {
  const skip = compileSkip(type);
  const cursor = new Cursor(limits);
  const scan = (buf: Buffer, start: number, end: number): number => {
    cursor.reset(buf, start, end);
    skip(cursor);
    return cursor.pos;
  };
  return Object.assign(scan, { leastBytes: leastBytes(type), limits });
}

/** Data in one block of a file; 40 MB of borders. */
const MAX_DATA = 10_000_000;

/**
 * The borders of `count` data that fill `data` exactly: datum i is `data[borders[i]..borders[i + 1])`. Throws
 * DataError, naming the datum, when one is bad or when bytes are left over.
 */
export function datumBoundaries(scan: Scan, data: Buffer, count: number): Uint32Array {
  const most =
    scan.leastBytes === 0 ? scan.limits.maxEmptyItems : Math.min(MAX_DATA, data.length / scan.leastBytes);
  if (!(count >= 0 && count <= most))
    throw new DataError("avro-wrong-count", `The block announces ${count} data in ${data.length} bytes.`);
  const borders = new Uint32Array(count + 1);
  let at = 0;
  for (let index = 0; index < count; index++) {
    try {
      at = scan(data, at, data.length);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(
        error.code,
        `Datum ${index} of ${count} at byte ${at} of the block: ${error.message}`,
      );
    }
    borders[index + 1] = at;
  }
  if (at !== data.length)
    throw new DataError(
      "avro-wrong-count",
      `The block announces ${count} data, which end at byte ${at}, but it has ${data.length} bytes.`,
    );
  return borders;
}

/** `known` holds the records met so far, so that recursive ones end. */
export function compileSkip(type: Type, known: Map<Type, Skip> = new Map()): Skip {
  const shape = shapeOf(type);
  switch (shape.kind) {
    case "null":
      return () => {};
    case "boolean":
      return (cursor) => cursor.skip(1);
    case "int":
    case "long":
    case "enum":
      return (cursor) => cursor.skipVarint();
    case "float":
      return (cursor) => cursor.skip(4);
    case "double":
      return (cursor) => cursor.skip(8);
    case "bytes":
    case "string":
      return (cursor) => cursor.skipBytes();
    case "fixed":
      return (cursor) => cursor.skip(shape.size);
    case "array":
      return skipItems(compileSkip(shape.items, known), leastBytes(shape.items));
    case "map":
      return skipItems(skipEntry(compileSkip(shape.values, known)), 1 + leastBytes(shape.values));
    case "union":
      return skipUnion(shape.branches.map((branch) => compileSkip(branch, known)));
    case "record":
      return known.get(type) ?? skipRecord(type, shape.fields, known);
  }
}

function skipEntry(skipValue: Skip): Skip {
  return (cursor) => {
    cursor.skipBytes();
    skipValue(cursor);
  };
}

function skipItems(skipItem: Skip, least: number): Skip {
  return (cursor) => {
    cursor.enter();
    for (let count = cursor.blockCount(least); count > 0; count = cursor.blockCount(least)) {
      const { blockEnd } = cursor;
      for (; count > 0; count--) skipItem(cursor);
      cursor.endBlock(blockEnd);
    }
    cursor.leave();
  };
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (cursor) => branches[cursor.unionIndex(branches.length)]!(cursor);
}

function skipRecord(type: Type, fields: readonly { readonly type: Type }[], known: Map<Type, Skip>): Skip {
  const skips: Skip[] = [];
  const skip: Skip = (cursor) => {
    cursor.enter();
    for (let index = 0; index < skips.length; index++) skips[index]!(cursor);
    cursor.leave();
  };
  known.set(type, skip);
  for (const field of fields) skips.push(compileSkip(field.type, known));
  return skip;
}
