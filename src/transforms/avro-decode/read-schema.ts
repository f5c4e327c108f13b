// The schema that a pipeline reads as.

import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";

import { type AvroSchema, loadReaderSchema, writerSchema } from "../../avro/schema.ts";
import { schemaLimits } from "../../avro/schema-guard.ts";
import { RunError, toError } from "../../engine/errors.ts";

/** Throws RunError `avro-schema-invalid`. */
export async function readSchema(baseDir: string, path: string): Promise<AvroSchema> {
  try {
    const file = resolve(baseDir, path);
    const { size } = await stat(file);
    if (size > schemaLimits.maxChars) throw new Error(`it has ${size} bytes`);
    return loadReaderSchema(writerSchema(await readFile(file, "utf8")));
  } catch (error) {
    throw new RunError(
      "avro-schema-invalid",
      `Cannot use the Avro schema ${path}: ${toError(error).message}`,
      {
        cause: error,
      },
    );
  }
}
