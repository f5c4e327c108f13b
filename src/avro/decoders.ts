// The decoders of one reader schema, one for each writer schema met: compiling takes a millisecond, so it is done
// once. What cannot be compiled is remembered too, or a bad schema would cost that much with every message.

import type { WriterSchema } from "../engine/contracts.ts";
import { DataError } from "../engine/errors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { compileDecoder, type Decode, type DecodeOptions } from "./decode.ts";
import { type AvroSchema, loadWriterSchema } from "./schema.ts";

export interface WriterDecoder {
  readonly writer: AvroSchema;
  readonly decode: Decode;
}

const MAX_WRITERS = 64;

export class Decoders {
  private readonly byKey = new BoundedCache<string, WriterDecoder | DataError>(MAX_WRITERS);
  private last: { readonly key: string; readonly found: WriterDecoder } | undefined;

  constructor(
    private readonly reader: AvroSchema,
    private readonly options: DecodeOptions = {},
  ) {}

  /** Throws DataError `avro-bad-schema` or `avro-incompatible-schema`. */
  for(writer: WriterSchema): WriterDecoder {
    if (this.last?.key === writer.key) return this.last.found;
    const found = this.byKey.get(writer.key) ?? this.compile(writer);
    if (found instanceof DataError) throw new DataError(found.code, found.message);
    this.last = { key: writer.key, found };
    return found;
  }

  private compile(schema: WriterSchema): WriterDecoder | DataError {
    const result = this.attempt(schema);
    this.byKey.set(schema.key, result);
    return result;
  }

  private attempt(schema: WriterSchema): WriterDecoder | DataError {
    try {
      const writer = loadWriterSchema(schema);
      return { writer, decode: compileDecoder(this.reader, writer, this.options) };
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
  }
}
