// Small stages for tests of the loader: every kind of key, none of a vendor's behaviour.

import Type from "typebox";

import { SecretText } from "../../src/config/secret.ts";
import type { Registry } from "../../src/config/registry.ts";
import { defineSink, defineSource, defineTransform } from "../../src/engine/contracts.ts";

function never(): never {
  throw new Error("a stage of these tests is never created");
}

const queue = defineSource({
  type: "queue",
  summary: "Takes messages from a queue.",
  emits: "bytes",
  config: Type.Object({
    subscription: Type.String({
      description: "Full name. Needs the subscriber role.",
      pattern: "^projects/[^/]+/subscriptions/[^/]+$",
      "x-form": "projects/P/subscriptions/S",
    }),
    ackDeadlineSeconds: Type.Integer({ description: "The lease.", default: 60, minimum: 10, maximum: 600 }),
    maxMessages: Type.Integer({ description: "Most held.", default: 1_000, minimum: 1 }),
    keepalive: Type.Boolean({ description: "Whether to ping.", default: true }),
    batch: Type.Object(
      {
        count: Type.Integer({ description: "Most in one.", default: 100, minimum: 1 }),
        ms: Type.Integer({ description: "Longest wait.", default: 50, minimum: 0 }),
      },
      { description: "How acks are gathered.", default: {} },
    ),
    password: Type.Optional(SecretText({ description: "Opens the queue." })),
  }),
  example: {
    subscription: "projects/p/subscriptions/s",
    ackDeadlineSeconds: 60,
    maxMessages: 5,
    keepalive: false,
    batch: { count: 1, ms: 0 },
    password: "hunter22",
  },
  create: never,
});

const files = defineSource({
  type: "files",
  summary: "Reads files.",
  emits: "bytes",
  config: Type.Object({
    paths: Type.Union(
      [Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })],
      { description: "What to read." },
    ),
    format: Type.Union([Type.Literal("auto"), Type.Literal("ndjson"), Type.Literal("avro")], {
      description: "What they hold.",
      default: "auto",
    }),
  }),
  example: { paths: ["a.avro"], format: "avro" },
  rejects: { "line-too-long": "The line is too long." },
  create: never,
});

const decode = defineTransform({
  type: "decode",
  summary: "Turns bytes into events.",
  accepts: "bytes",
  emits: "export-event",
  config: Type.Object({
    schema: Type.Optional(Type.String({ description: "Reader schema.", "x-file": true })),
    shape: Type.Optional(
      Type.Union(
        [
          Type.Object({ kind: Type.Literal("raw"), offset: Type.Integer({ description: "Bytes to skip." }) }),
          Type.Object({
            kind: Type.Literal("framed"),
            header: Type.String({ description: "What it begins with." }),
          }),
        ],
        { description: "How the bytes are framed." },
      ),
    ),
  }),
  example: { schema: "a.avsc", shape: { kind: "raw", offset: 5 } },
  rejects: { "not-bytes": "It is not." },
  create: never,
});

const keepSome = defineTransform({
  type: "keep-some",
  summary: "Keeps some values.",
  accepts: "any",
  emits: "any",
  config: Type.Object({
    keys: Type.Array(Type.String({ minLength: 1 }), {
      description: "What to keep.",
      default: [],
      maxItems: 3,
      uniqueItems: true,
    }),
    share: Type.Number({ description: "How much of it.", default: 1, exclusiveMinimum: 0, maximum: 1 }),
  }),
  example: { keys: ["a"], share: 0.5 },
  drops: { "not-kept": "It is not among the keys." },
  create: never,
});

const segmentEvent = defineTransform({
  type: "segment-event",
  summary: "Maps events.",
  accepts: "export-event",
  emits: "segment-event",
  config: Type.Object({}),
  example: {},
  create: never,
});

const filterEnabled = defineTransform({
  type: "filter-enabled",
  summary: "Keeps what is enabled.",
  accepts: "export-event",
  emits: "export-event",
  config: Type.Object({}),
  example: {},
  create: never,
});

const send = defineSink({
  type: "send",
  summary: "Sends events.",
  accepts: "segment-event",
  config: Type.Object({
    maxBatchEvents: Type.Integer({
      description: "Most in one request.",
      default: 1_000,
      minimum: 1,
      maximum: 2_500,
    }),
    maxBatchBytes: Type.Integer({ description: "Most bytes.", default: 480_000, minimum: 1_000 }),
    maxEventBytes: Type.Integer({ description: "Largest event.", default: 32_000 }),
    region: Type.Union([Type.Literal("us"), Type.Literal("eu")], { description: "Where.", default: "us" }),
    token: Type.Optional(SecretText({ description: "Opens it.", minLength: 8 })),
  }),
  example: {
    maxBatchEvents: 1,
    maxBatchBytes: 480_000,
    maxEventBytes: 100,
    region: "eu",
    token: "12345678",
  },
  *check({ maxBatchBytes, maxEventBytes }) {
    if (maxBatchBytes < maxEventBytes) {
      const message = `smaller than the largest event, ${maxEventBytes} bytes`;
      yield { path: ["maxBatchBytes"], code: "batch-smaller-than-event", message };
    }
  },
  create: never,
});

const file = defineSink({
  type: "file",
  summary: "Writes files.",
  accepts: "any",
  config: Type.Object({ directory: Type.String({ description: "Where to." }) }),
  example: { directory: "out" },
  create: never,
});

export const testRegistry: Registry = {
  sources: [queue, files],
  transforms: [decode, keepSome, filterEnabled, segmentEvent],
  sinks: [send, file],
};
