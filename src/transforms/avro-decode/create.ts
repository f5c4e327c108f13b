// The `avro-decode` transform of one pipeline: its schemas are read once, before anything comes.

import { schemaRevisions } from "../../avro/revisions.ts";
import { shapeOf } from "../../avro/type-shape.ts";
import type { RunContext, Transform } from "../../engine/contracts.ts";
import { RunError } from "../../engine/errors.ts";
import { pubsubSchemaFetcher } from "../../pubsub/schema-fetcher.ts";
import type { AvroDecodeConfig } from "../avro-decode.ts";
import { BodyDecoder } from "./body-decoder.ts";
import { isDetectable } from "./detect.ts";
import { readSchema } from "./read-schema.ts";

/** Throws RunError for a schema that cannot be used. */
export async function createAvroDecode(
  { schema, encoding, topicSchema = "", writerSchemas, endpoint, limits }: AvroDecodeConfig,
  { baseDir, clock }: RunContext,
): Promise<Transform> {
  const reader = await readSchema(baseDir, schema);
  if (shapeOf(reader.type).kind !== "record")
    throw new RunError("avro-schema-invalid", `${schema} must describe a record; that is what an event is.`);
  if (encoding === "auto" && !isDetectable(reader.type))
    throw new RunError(
      "avro-schema-ambiguous",
      `With encoding auto the first field of ${schema} must be a string, or a datum could look like JSON or gzip. Set encoding.`,
    );
  const writers = await Promise.all(writerSchemas.map((path) => readSchema(baseDir, path)));
  const revisions = schemaRevisions(pubsubSchemaFetcher(endpoint), () => clock.nowMs());
  const decoder = new BodyDecoder({ encoding, reader, writers, topicSchema, limits, revisions });
  return {
    prepare: (origin) => decoder.prepare(origin),
    formOf: (origin) => decoder.formOf(origin),
    // The shape "bytes" is a Uint8Array: the body of `origin`, which a block would cut out anew.
    apply: (bytes, origin) => decoder.decode(bytes as Uint8Array, origin),
    close: () => revisions.close(),
  };
}
