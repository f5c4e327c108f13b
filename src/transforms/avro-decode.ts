// Bytes of one Avro message -> export event: the same object that LaunchDarkly's JSON of that event would give.
//
// With `encoding: auto` the first that applies decides:
//   1. the entry is a datum of a container file, with the file's schema
//   2. Pub/Sub's attributes name a schema: its revision is fetched once, encoding BINARY or JSON
//   3. the body begins as single-object encoding, gzip or JSON text
//   4. else it is a raw datum of our own schema
//
// JSON text of 3 is LaunchDarkly's plain JSON. Avro's JSON encoding is something else (values of unions wrapped),
// cannot be told from it by looking, and is read only when Pub/Sub says so or with `encoding: json`.

import Type, { type Static } from "typebox";

import { defaultDatumLimits } from "../avro/limits.ts";
import { defineTransform, type RunContext, type Transform } from "../engine/contracts.ts";
import { avroDecodeRejects } from "./avro-decode/rejects.ts";

const limits = Type.Object(
  {
    maxDepth: Type.Integer({
      default: defaultDatumLimits.maxDepth,
      minimum: 1,
      maximum: 500,
      description: "Records, arrays and maps inside one another.",
    }),
    maxItems: Type.Integer({
      default: defaultDatumLimits.maxItems,
      minimum: 1,
      maximum: 100_000_000,
      description: "Array items and map entries in one event, all together.",
    }),
    maxEmptyItems: Type.Integer({
      default: defaultDatumLimits.maxEmptyItems,
      minimum: 0,
      maximum: 100_000_000,
      description: "Those among them that take no bytes, such as nulls.",
    }),
    maxInflatedBytes: Type.Integer({
      default: 10_485_760,
      minimum: 1_024,
      maximum: 104_857_600,
      description: "Most bytes that a gzip-compressed body may have after decompression.",
    }),
  },
  {
    default: {},
    additionalProperties: false,
    description:
      "What one event may cost. A few bytes of Avro can announce gigabytes; beyond these it is a dead letter.",
  },
);

const config = Type.Object(
  {
    schema: Type.String({
      minLength: 1,
      maxLength: 4_096,
      "x-file": "avro-schema",
      description:
        "The schema to read as: an .avsc file, relative to the pipeline's file. What was written with another one is resolved to it by field names, aliases and defaults.",
    }),
    encoding: Type.Union(
      (["auto", "binary", "single-object", "pubsub", "json"] as const).map((name) => Type.Literal(name)),
      {
        default: "auto",
        description:
          "How the bodies are encoded. `auto` looks (container file, Pub/Sub attributes, first bytes); `binary` is a raw datum of `schema`; `pubsub` follows the message's schema attributes only; `json` is Avro's JSON encoding, which is not LaunchDarkly's JSON. Data of container files are always read with the file's schema.",
      },
    ),
    topicSchema: Type.Optional(
      Type.String({
        pattern: "^projects/[^/@\\s]+/schemas/[^/@\\s]+$",
        maxLength: 512,
        description:
          "The Pub/Sub schema, `projects/P/schemas/S`, of messages whose attributes do not name theirs. Without it such messages are read as written with `schema`. Needs roles/pubsub.viewer on the schema.",
      }),
    ),
    writerSchemas: Type.Array(Type.String({ minLength: 1, maxLength: 4_096, "x-file": "avro-schema" }), {
      default: [],
      maxItems: 100,
      description: "More .avsc files that single-object messages may have been written with.",
    }),
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description:
          "Where schema revisions are fetched, as in the pubsub source. Default: PUBSUB_EMULATOR_HOST if set, else Google's global address.",
      }),
    ),
    limits,
  },
  { additionalProperties: false },
);

export type AvroDecodeConfig = Static<typeof config>;

export default defineTransform({
  type: "avro-decode",
  summary:
    "Reads one Avro datum per record: raw, single-object, of a container file or of a Pub/Sub topic with a schema.",
  config,
  example: {
    schema: "../schemas/launchdarkly/export-event.avsc",
    encoding: "auto",
    topicSchema: "projects/my-project/schemas/launchdarkly-export-event",
    writerSchemas: ["../schemas/launchdarkly/export-event.avsc"],
    endpoint: "europe-west1-pubsub.googleapis.com",
    limits: { maxDepth: 64, maxItems: 1_000_000, maxEmptyItems: 10_000, maxInflatedBytes: 10_485_760 },
  },
  accepts: "bytes",
  emits: "export-event",
  rejects: avroDecodeRejects,
  create: (config, context) => create(config, context),
});

/** The Avro library is loaded when there is something to decode. */
async function create(settings: AvroDecodeConfig, context: RunContext): Promise<Transform> {
  const { createAvroDecode } = await import("./avro-decode/create.ts");
  return createAvroDecode(settings, context);
}
