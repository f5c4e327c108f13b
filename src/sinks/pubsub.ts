// The `pubsub` sink stage: one message per value, for dead letters and replay. Publishing to a topic is at least
// once: a batch whose answer was lost is published again.

import Type from "typebox";
import type { Static } from "typebox";

import { defineSink, type Sink, type StageProblem } from "../engine/contracts.ts";
import { resolveEndpoint } from "../pubsub/endpoint.ts";

const config = Type.Object(
  {
    topic: Type.String({
      pattern: "^projects/[^/]+/topics/[^/]+$",
      maxLength: 512,
      description: "Full name, `projects/P/topics/T`. Needs roles/pubsub.publisher on the topic.",
    }),
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description:
          "Where Pub/Sub is: `host:port` of an emulator, or a Google address. Default: PUBSUB_EMULATOR_HOST if set, else Google's global address.",
      }),
    ),
    batch: Type.Object(
      {
        count: Type.Integer({
          default: 1_000,
          minimum: 1,
          maximum: 1_000,
          description: "Most messages in one publish request.",
        }),
        bytes: Type.Integer({
          default: 9_000_000,
          minimum: 1_000,
          maximum: 9_900_000,
          description: "Most bytes in one publish request. A single larger message is sent alone.",
        }),
        lingerMs: Type.Integer({
          default: 10,
          minimum: 0,
          maximum: 60_000,
          description: "How long a first message may wait for company.",
        }),
      },
      { default: {}, additionalProperties: false, description: "How messages are gathered into requests." },
    ),
    concurrency: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 64,
      description: "Most publish requests under way at once.",
    }),
    probeMs: Type.Integer({
      default: 60_000,
      minimum: 100,
      maximum: 3_600_000,
      description: "How often a topic that cannot be published to is tried again.",
    }),
  },
  { additionalProperties: false },
);

export type PubSubSinkConfig = Static<typeof config>;

export default defineSink({
  type: "pubsub",
  summary: "Publishes each value as the JSON text of one Pub/Sub message.",
  config,
  example: {
    topic: "projects/my-project/topics/dead-letters",
    endpoint: "europe-west1-pubsub.googleapis.com",
    batch: { count: 1_000, bytes: 9_000_000, lingerMs: 10 },
    concurrency: 4,
    probeMs: 60_000,
  },
  accepts: "any",
  rejects: {
    "not-json": "The value has no JSON form.",
    "pubsub-invalid-argument":
      "Pub/Sub refused this one message, for example because it breaks the topic's schema.",
  },
  check: problems,
  create: (settings) => create(settings),
});

/** gRPC is loaded when there is something to publish. */
async function create(settings: PubSubSinkConfig): Promise<Sink> {
  const { PubSubSink } = await import("./pubsub/pubsub-sink.ts");
  return new PubSubSink(settings);
}

function* problems({ endpoint }: PubSubSinkConfig): Iterable<StageProblem> {
  if (endpoint === undefined) return;
  try {
    resolveEndpoint(endpoint);
  } catch {
    // Reported as a problem of the file, with its line, instead.
    yield {
      path: ["endpoint"],
      code: "bad-endpoint",
      message: `${endpoint} is not host:port or https://host`,
    };
  }
}
