// A value of a test file as Avro bytes.

import { loadReaderSchema, writerSchema } from "../../avro/schema.ts";
import { writeSingleObject } from "../../avro/single-object.ts";
import { encodeAvro, exportEventSchema } from "../../emulators/avro-events.ts";
import { DataError, toError } from "../../engine/errors.ts";

export interface AvroForm {
  /** The text of an `.avsc` file; undefined: that of the export event, which ships with Sluice. */
  readonly schema: string | undefined;
  readonly encoding: "raw" | "single-object";
}

/** Throws DataError `avro-value`, or `avro-bad-schema`. */
export function avroBody(value: unknown, { schema, encoding }: AvroForm): Buffer {
  const ours = exportEventSchema();
  const { type, fingerprint } = loadReaderSchema(writerSchema(schema ?? ours));
  let datum: Buffer;
  try {
    // Ours has a form for every event, whatever is in it; another takes what its unions take.
    const isOurs = schema === undefined || schema === ours;
    datum = isOurs ? encodeAvro(Object(value)) : type.toBuffer(type.clone(value, { wrapUnions: true }));
  } catch (error) {
    const why = toError(error).message.slice(0, 300);
    throw new DataError("avro-value", `the value does not fit the schema: ${why}`, { cause: error });
  }
  return encoding === "single-object" ? writeSingleObject(fingerprint, datum) : datum;
}
