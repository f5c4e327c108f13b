// The `pubsub` source stage.

import { defineSource, type RunContext, type Source, type StageProblem } from "../../engine/contracts.ts";
import { pubsubSourceConfig, pubsubSourceExample, type PubSubSourceConfig } from "./config.ts";
import { resolveEndpoint } from "../../pubsub/endpoint.ts";

export default defineSource({
  type: "pubsub",
  summary: "Reads a Google Cloud Pub/Sub subscription, holding leases until every message is dealt with.",
  config: pubsubSourceConfig,
  example: pubsubSourceExample,
  emits: "bytes",
  check: problems,
  create: (config, context) => create(config, context),
});

/** gRPC is loaded when there is something to receive. */
async function create(config: PubSubSourceConfig, context: RunContext): Promise<Source> {
  const [{ connectPull }, { PubSubSource }] = await Promise.all([
    import("./client.ts"),
    import("./source.ts"),
  ]);
  const { subscription, endpoint, keepaliveMs, keepaliveTimeoutMs, gatherMs } = config;
  const { clock } = context;
  const connect = () =>
    connectPull({ subscription, endpoint, keepaliveMs, keepaliveTimeoutMs, clock, gatherMs });
  return new PubSubSource(config, context, connect);
}

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
