import { resolve } from "node:path";

import { type Static, Type } from "typebox";

import { defineSource, type RunContext, type Source } from "../../engine/contracts.ts";
import { damageRejects } from "./damage.ts";

const KIB = 1024;
const MIB = 1024 * 1024;
const MOST_SHARDS = 10_000;

const config = Type.Object(
  {
    paths: Type.Union(
      [Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })],
      {
        description:
          "Files to read: a path, a folder (every file below it) or a glob, or a list of them. Relative to the pipeline's folder, or `gs://bucket/path` in Cloud Storage.",
      },
    ),
    format: Type.Union([Type.Literal("auto"), Type.Literal("ndjson"), Type.Literal("avro")], {
      default: "auto",
      description:
        "`auto` tells by the first bytes: an Avro container file, or one JSON document a line, gzipped or not.",
    }),
    onDamage: Type.Union(
      [Type.Literal("fail"), Type.Literal("skip-block"), Type.Literal("dead-letter-block")],
      {
        default: "fail",
        description:
          "What to do at a damaged part of a container or gzip file: end the run, pass over it, or pass over it and keep its first 64 KiB in the dead letters.",
      },
    ),
    blockBytes: Type.Integer({
      minimum: 16,
      maximum: 16 * MIB,
      default: 256 * KIB,
      description: "Lines are handed over in blocks of about this many bytes.",
    }),
    maxLineBytes: Type.Integer({
      minimum: 16,
      maximum: 64 * MIB,
      default: 10 * MIB,
      description: "A longer line is dead-lettered with its first 64 KiB.",
    }),
    maxGunzipRatio: Type.Integer({
      minimum: 1,
      maximum: 2_000,
      default: 500,
      description:
        "Most bytes of text for one byte of a gzip file (beyond 16 MiB of text); a file beyond it is refused.",
    }),
    state: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Folder for the checkpoint, so that a later run goes on where this one ended. Relative to the pipeline's folder. `sluice backfill` sets it.",
      }),
    ),
    checkpointMs: Type.Integer({
      minimum: 10,
      maximum: 600_000,
      default: 1_000,
      description: "Least time between two saves of the checkpoint, in milliseconds.",
    }),
    configVersion: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "A checkpoint made under another value is refused. `sluice backfill` sets it from the definition.",
      }),
    ),
    shard: Type.Optional(
      Type.Object(
        {
          index: Type.Integer({
            minimum: 0,
            maximum: MOST_SHARDS - 1,
            description: "Which one, counted from 0.",
          }),
          of: Type.Integer({ minimum: 1, maximum: MOST_SHARDS, description: "How many there are." }),
        },
        {
          additionalProperties: false,
          description:
            "Read only this process's part of the files: every shard finds its part by itself. With `state` they share that folder. `sluice backfill --shard` sets it.",
        },
      ),
    ),
    force: Type.Boolean({
      default: false,
      description:
        "Go on although the definition or a file changed since the checkpoint: a changed file is read again from its start.",
    }),
  },
  { additionalProperties: false },
);

/** Bounded. One record is one block of a file; its entries have ids `file:offset#index`. */
export default defineSource({
  type: "file",
  summary:
    "Reads NDJSON (also gzipped), Avro container files and Pub/Sub archives, and remembers how far it came.",
  emits: "bytes",
  config,
  example: {
    paths: ["archive/2026-*/**/*.avro", "late/events.ndjson.gz"],
    format: "auto",
    onDamage: "skip-block",
    blockBytes: 262_144,
    maxLineBytes: 10_485_760,
    maxGunzipRatio: 500,
    state: "state/backfill",
    checkpointMs: 1_000,
    configVersion: "2026-11-23",
    shard: { index: 0, of: 8 },
    force: false,
  },
  rejects: {
    "line-too-long": "The line is longer than maxLineBytes. Raise it if such events are real.",
    ...damageRejects,
  },
  *check(settings) {
    if (settings.maxLineBytes < settings.blockBytes)
      yield {
        path: ["maxLineBytes"],
        code: "line-smaller-than-block",
        message: `maxLineBytes is ${settings.maxLineBytes}, but blocks have ${settings.blockBytes}; set it to blockBytes or more`,
      };
    if (settings.shard && settings.shard.index >= settings.shard.of)
      yield {
        path: ["shard", "index"],
        code: "shard-out-of-range",
        message: `shard.index is ${settings.shard.index} of ${settings.shard.of}; they are counted from 0`,
      };
  },
  create: (settings, context) => create(settings, context),
});

/** Reading files brings in a glob matcher and the Avro library: loaded when there is something to read. */
async function create(settings: Static<typeof config>, context: RunContext): Promise<Source> {
  const { FileSource } = await import("./file-source.ts");
  const { paths, state, configVersion, shard, ...rest } = settings;
  const options = {
    ...rest,
    paths: typeof paths === "string" ? [paths] : paths,
    state: state === undefined ? undefined : resolve(context.baseDir, state),
    configVersion,
    shard,
  };
  return new FileSource(options, context);
}
