// The `pubsub` sink stage: one message per value, for dead letters and replay. Publishing to a topic is at least
// once: a batch whose answer was lost is published again.

import type { Client } from "@grpc/grpc-js";
import Type from "typebox";
import type { Static } from "typebox";

import {
  type Batch,
  defineSink,
  type LaneSettings,
  type Sink,
  type StageProblem,
} from "../engine/contracts.ts";
import { DataError, toError } from "../engine/errors.ts";
import { connect, resolveEndpoint } from "../sources/pubsub/connect.ts";
import { faultOf } from "./pubsub/fault.ts";
import { publish, probeTopic } from "./pubsub/requests.ts";

/** "Quotas and limits": a message has at most 10 MB, a publish request 10 MB and 1,000 messages. */
const MESSAGE_BYTES = 10_000_000;
/** Tags and lengths of one message and its attribute in the request, at most. */
const FRAME_BYTES = 64;
/** A publish request is answered or given up within this time. */
const PUBLISH_MS = 30_000;
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

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

type PubSubSinkConfig = Static<typeof config>;

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
  create: (settings) => new PubSubSink(settings),
});

class PubSubSink implements Sink {
  readonly limits;
  private client: Promise<Client> | undefined;
  private closed = false;

  constructor(private readonly settings: PubSubSinkConfig) {
    this.limits = {
      count: settings.batch.count,
      bytes: settings.batch.bytes,
      itemBytes: MESSAGE_BYTES,
      envelopeBytes: settings.topic.length + FRAME_BYTES,
      separatorBytes: FRAME_BYTES,
    };
  }

  laneOf(): string {
    return this.settings.topic;
  }

  laneSettings(): LaneSettings {
    const { batch, concurrency, probeMs } = this.settings;
    const unlimited = Number.POSITIVE_INFINITY;
    return {
      rates: { events: unlimited, requests: unlimited, bytes: unlimited },
      concurrency,
      lingerMs: batch.lingerMs,
      probeMs,
    };
  }

  encode(value: unknown): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (cause) {
      throw new DataError("not-json", `the value has no JSON form: ${toError(cause).message}`, { cause });
    }
    if (text === undefined) throw new DataError("not-json", `a ${typeof value} has no JSON form`);
    return text;
  }

  async write(batch: Batch, signal: AbortSignal): Promise<undefined> {
    try {
      const client = await this.connected();
      await publish(client, this.settings.topic, batch.items, { timeoutMs: PUBLISH_MS, signal });
    } catch (error) {
      throw faultOf(error, this.settings.topic);
    }
  }

  /** Asks which permissions we have; nothing is published. */
  async probe(_lane: string, signal: AbortSignal): Promise<void> {
    try {
      const client = await this.connected();
      await probeTopic(client, this.settings.topic, { timeoutMs: PUBLISH_MS, signal });
    } catch (error) {
      throw faultOf(error, this.settings.topic);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = this.client;
    this.client = undefined;
    // A client that never came has nothing to close.
    if (client) await client.then((connected) => connected.close()).catch(() => {});
  }

  /** Connected at the first use; a failure (no credentials) is tried again at the next. */
  private connected(): Promise<Client> {
    if (this.closed) return Promise.reject(new Error("the sink is closed"));
    this.client ??= connect({
      endpoint: this.settings.endpoint,
      keepaliveMs: KEEPALIVE_MS,
      keepaliveTimeoutMs: KEEPALIVE_TIMEOUT_MS,
    }).catch((error: unknown) => {
      this.client = undefined;
      throw error;
    });
    return this.client;
  }
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
