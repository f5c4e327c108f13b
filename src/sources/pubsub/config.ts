// Everything that can be set on a `pubsub` source: one TypeBox object gives validation, type and defaults.

import Type from "typebox";
import type { Static } from "typebox";

export const pubsubSourceConfig = Type.Object(
  {
    subscription: Type.String({
      pattern: "^projects/[^/]+/subscriptions/[^/]+$",
      maxLength: 512,
      description:
        "Full name, `projects/P/subscriptions/S`. Needs roles/pubsub.subscriber on the subscription, nothing more.",
    }),
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        description:
          "Where Pub/Sub is. `host:port` of an emulator (no TLS, no credentials), or a Google address such as `europe-west1-pubsub.googleapis.com` or `https://host` (TLS, application default credentials). Default: PUBSUB_EMULATOR_HOST if set, else Google's global address.",
      }),
    ),
    maxMessages: Type.Integer({
      default: 5_000,
      minimum: 1,
      maximum: 1_000_000,
      description:
        "Most messages held at once: waiting, in the pipeline, and acked but not yet confirmed. Sent to Pub/Sub as the stream's flow control, and enforced here too. At least 1.5 x events per second x seconds from receipt to confirmed ack.",
    }),
    gatherMs: Type.Integer({
      default: 25,
      minimum: 0,
      maximum: 1_000,
      description:
        "How long a message may wait for others while few come, so that they share their wake-up, request and acknowledgement: half of the CPU at 1,000 events/s. The first after a silence does not wait, and nobody does where much comes. 0 hands each on at once.",
    }),
    maxBytes: Type.Integer({
      default: 67_108_864,
      minimum: 1,
      maximum: 8_589_934_592,
      description: "Most bytes of message data and attributes held at once. A quarter of the heap at most.",
    }),
    ackDeadlineSeconds: Type.Integer({
      default: 60,
      minimum: 10,
      maximum: 600,
      description:
        "Length of a lease: after a crash, messages come again this much later. Leases of everything held are extended at half of it.",
    }),
    maxHoldMs: Type.Integer({
      default: 21_600_000,
      minimum: 10_000,
      maximum: 604_800_000,
      description:
        "How long the lease of one message is extended (6 h). Longer than the longest outage of a destination to sit out; after it Pub/Sub delivers the message again.",
    }),
    keepaliveMs: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      maximum: 600_000,
      description:
        "How often the connection is pinged: a dead one is noticed after this plus keepaliveTimeoutMs.",
    }),
    keepaliveTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      description: "How long an answer to a ping may take.",
    }),
    ackBatch: Type.Object(
      {
        count: Type.Integer({
          default: 1_000,
          minimum: 1,
          maximum: 2_500,
          description: "Most acknowledgements in one request. A crash loses at most what waits in one batch.",
        }),
        ms: Type.Integer({
          default: 50,
          minimum: 0,
          maximum: 10_000,
          description: "How long an acknowledgement may wait for company.",
        }),
      },
      {
        default: {},
        additionalProperties: false,
        description: "How acknowledgements are gathered into requests.",
      },
    ),
    idleRecycleMs: Type.Integer({
      default: 600_000,
      minimum: 1_000,
      maximum: 86_400_000,
      description:
        "After so long without a message the connection is quietly replaced by a new one, in case it only looks alive.",
    }),
    rebuilds: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000_000,
      description:
        "How many new connections in a row may fail (1 s to maxRetryMs apart, full jitter) before the run fails with exit code 1, so that whoever runs the process can act: about five minutes without a network with 10, and half a minute more with each. Where nothing starts the process again, set it high. Nothing is lost either way.",
    }),
    maxRetryMs: Type.Integer({
      default: 60_000,
      minimum: 1_000,
      maximum: 3_600_000,
      description:
        "Longest wait before the next try to receive, while Pub/Sub cannot be reached or refuses. Waits begin at up to 1 s and double, with full jitter.",
    }),
    closeMs: Type.Integer({
      default: 5_000,
      minimum: 0,
      maximum: 600_000,
      description: "How long a stop waits for the last acknowledgements to be confirmed.",
    }),
    rememberAcked: Type.Integer({
      default: 200_000,
      minimum: 0,
      maximum: 10_000_000,
      description:
        "How many acked message ids are remembered (about 20 bytes each): if Pub/Sub delivers one again, it is acked again and not sent twice. 0 turns it off. Restart the process after a `seek` to the past, or messages it remembers are skipped.",
    }),
  },
  { additionalProperties: false },
);

export type PubSubSourceConfig = Static<typeof pubsubSourceConfig>;

export const pubsubSourceExample = {
  subscription: "projects/my-project/subscriptions/launchdarkly-export",
  endpoint: "europe-west1-pubsub.googleapis.com",
  maxMessages: 20_000,
  gatherMs: 25,
  maxBytes: 67_108_864,
  ackDeadlineSeconds: 60,
  maxHoldMs: 21_600_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  ackBatch: { count: 1_000, ms: 50 },
  idleRecycleMs: 600_000,
  rebuilds: 10,
  maxRetryMs: 60_000,
  closeMs: 5_000,
  rememberAcked: 200_000,
} as const satisfies PubSubSourceConfig;
