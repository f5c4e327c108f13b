// Whether data fits an Avro schema, as a topic with a schema asks at publish. Nothing is decoded that was not
// scanned first: the message that would kill a consumer must not kill the server that hands it out.
//
// JSON is Avro's JSON encoding: unions wrapped (`{"string": "x"}`), every field present (a default is for
// readers, not for writers), unknown fields ignored.

import { isUtf8 } from "node:buffer";

import avro, { type Type } from "avsc";

import { compileScan } from "../../avro/scan.ts";
import { loadReaderSchema, loadWriterSchema, writerSchema } from "../../avro/schema.ts";
import { toError } from "../../engine/errors.ts";
import { invalid } from "./rpc-error.ts";

export interface AvroCheck {
  /** Without logical types: those play no part in whether schemas resolve (Avro specification, "Schema Resolution"). */
  readonly plainType: Type;
  /** What is wrong with the data, in a few words; undefined when it fits. */
  problemIn(data: Uint8Array, encoding: "BINARY" | "JSON"): string | undefined;
}

/** Throws INVALID_ARGUMENT when the definition is no Avro schema. */
export function compileAvroCheck(definition: string): AvroCheck {
  try {
    const schema = writerSchema(definition);
    const { type } = loadReaderSchema(schema);
    const scan = compileScan(type);
    // A writer's schema has no defaults, so a field that is missing is an error.
    const strict = loadWriterSchema(schema).type;
    const binary = (data: Buffer) => {
      const end = scan(data, 0, data.length);
      return end === data.length ? undefined : `${data.length - end} bytes are left over`;
    };
    const json = (data: Buffer) => {
      if (!isUtf8(data)) return "not UTF-8";
      const text = data.toString("utf8");
      if (!isJson(text)) return "not JSON";
      strict.fromString(text);
      return undefined;
    };
    const plain = type.schema({ exportAttrs: true });
    return {
      plainType: avro.Type.forSchema(plain, { wrapUnions: true }),
      problemIn: (data, encoding) => problem(encoding === "BINARY" ? binary : json, bufferOf(data)),
    };
  } catch (error) {
    throw invalid(`Could not parse schema definition: ${shortened(error)}`);
  }
}

/** Why the two cannot resolve each other as reader and writer; undefined when they can, both ways. */
export function incompatibility(a: AvroCheck, b: AvroCheck): string | undefined {
  return problem(() => {
    a.plainType.createResolver(b.plainType);
    b.plainType.createResolver(a.plainType);
    return undefined;
  }, Buffer.alloc(0));
}

function problem(check: (data: Buffer) => string | undefined, data: Buffer): string | undefined {
  try {
    return check(data);
  } catch (error) {
    return shortened(error);
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Node's own message would quote the payload. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function shortened(error: unknown): string {
  return toError(error).message.slice(0, 120);
}
