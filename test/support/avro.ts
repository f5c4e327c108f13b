import { compileDecoder, type DecodeOptions } from "../../src/avro/decode.ts";
import { loadReaderSchema, loadWriterSchema, writerSchema } from "../../src/avro/schema.ts";
import { DataError } from "../../src/engine/errors.ts";

export function schemaOf(json: unknown) {
  return loadReaderSchema(writerSchema(JSON.stringify(json)));
}

/** Reads `bytes`, written as `writer`, as `reader`. */
export function decoded(
  bytes: Buffer,
  writer: unknown,
  reader: unknown = writer,
  options: DecodeOptions = {},
): unknown {
  const from = loadWriterSchema(writerSchema(JSON.stringify(writer)));
  return compileDecoder(schemaOf(reader), from, options)(bytes, 0, bytes.length);
}

/** Encodes `datum` (unions wrapped) as `writer` and reads it as `reader`. */
export function transported(datum: unknown, writer: unknown, reader: unknown = writer): unknown {
  return decoded(schemaOf(writer).type.toBuffer(datum), writer, reader);
}

/** The code of the DataError that `run` throws; anything else it throws is passed on. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DataError) return error.code;
    throw error;
  }
  return "no error";
}
