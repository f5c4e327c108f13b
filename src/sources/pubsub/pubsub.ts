// The `pubsub` source stage.

import { defineSource, type StageProblem } from "../../engine/contracts.ts";
import { connectPull } from "./client.ts";
import { pubsubSourceConfig, pubsubSourceExample, type PubSubSourceConfig } from "./config.ts";
import { resolveEndpoint } from "./connect.ts";
import { PubSubSource } from "./source.ts";

export default defineSource({
  type: "pubsub",
  summary: "Reads a Google Cloud Pub/Sub subscription, holding leases until every message is dealt with.",
  config: pubsubSourceConfig,
  example: pubsubSourceExample,
  emits: "bytes",
  check: problems,
  create(config, context) {
    const { subscription, endpoint, keepaliveMs, keepaliveTimeoutMs } = config;
    return new PubSubSource(config, context, () =>
      connectPull({ subscription, endpoint, keepaliveMs, keepaliveTimeoutMs }),
    );
  },
});

function* problems(config: PubSubSourceConfig): Iterable<StageProblem> {
  if (config.maxHoldMs < config.ackDeadlineSeconds * 1_000) {
    yield {
      path: ["maxHoldMs"],
      code: "hold-shorter-than-lease",
      message: `maxHoldMs ${config.maxHoldMs} is shorter than one lease of ${config.ackDeadlineSeconds} s (ackDeadlineSeconds)`,
    };
  }
  if (config.endpoint === undefined) return;
  try {
    resolveEndpoint(config.endpoint);
  } catch {
    // Reported as a problem of the file, with its line, instead.
    yield {
      path: ["endpoint"],
      code: "bad-endpoint",
      message: `${config.endpoint} is not host:port or https://host`,
    };
  }
}
