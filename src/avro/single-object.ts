// Single-object encoding: C3 01, the fingerprint of the writer's schema, the datum (Apache Avro specification,
// "Single object encoding specification").

import { DataError } from "../engine/errors.ts";

/** Bytes before the datum. */
export const SINGLE_OBJECT_HEADER = 10;

export function isSingleObject(body: Buffer): boolean {
  return body[0] === 0xc3 && body[1] === 0x01;
}

/** The fingerprint of the writer's schema. Throws DataError `avro-bad-single-object`. */
export function singleObjectFingerprint(body: Buffer): bigint {
  if (!isSingleObject(body) || body.length < SINGLE_OBJECT_HEADER)
    throw new DataError(
      "avro-bad-single-object",
      `A single-object message begins with C3 01 and a fingerprint of 8 bytes; this one has ${body.length} bytes.`,
    );
  return body.readBigUInt64LE(2);
}

export function writeSingleObject(fingerprint: bigint, datum: Uint8Array): Buffer {
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64LE(fingerprint, 2);
  return Buffer.concat([header, datum]);
}
