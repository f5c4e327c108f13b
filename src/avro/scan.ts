// Finds where a datum ends without decoding it, and proves on the way that decoding it is harmless.
//
// Only what decides where things are is checked here. Content (UTF-8, an enum's symbol, a boolean's value, the
// range of a long) is left to the decoder, so that one bad event in a block of a file is a dead letter alone
// and not the whole block.

import type { Type } from "avsc";

import { DataError } from "../engine/errors.ts";
import { Cursor } from "./cursor.ts";
import { type DatumLimits, defaultDatumLimits } from "./limits.ts";
import { compileSkip } from "./skip.ts";
import { leastBytes } from "./type-shape.ts";

/** Yields the end of the datum that starts at `start` and must end at `end` or before. Throws DataError. */
export interface Scan {
  (buf: Buffer, start: number, end: number): number;
  /** The least number of bytes a datum takes. */
  readonly leastBytes: number;
  readonly limits: DatumLimits;
}

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
