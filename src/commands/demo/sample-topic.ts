// A topic with our Avro schema, its subscription, and a steady stream of sample events into it.

import { encodeAvro, exportEventSchema } from "../../emulators/avro-events.ts";
import type { PubSubEmulator } from "../../emulators/pubsub/start-pubsub.ts";
import { sampleEvents } from "../../emulators/sample-events.ts";
import { sleep, systemClock } from "../../engine/clock.ts";

export const SUBSCRIPTION = "projects/local/subscriptions/launchdarkly-events";
const TOPIC = "projects/local/topics/launchdarkly-events";
const SCHEMA = "projects/local/schemas/launchdarkly-export-event";
const TICK_MS = 50;

export function createTopic(pubsub: PubSubEmulator): void {
  const { name } = pubsub.createSchema({ name: SCHEMA, type: "AVRO", definition: exportEventSchema() });
  pubsub.createTopic({ name: TOPIC, schemaSettings: { schema: name, encoding: "BINARY" } });
  pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 60 });
}

export interface Published {
  readonly events: number;
}

/** Publishes `rate` events a second until `signal` aborts; yields the running count. */
export function publishSamples(
  pubsub: PubSubEmulator,
  { rate, seed }: { readonly rate: number; readonly seed: number },
  signal: AbortSignal,
): Published {
  const published = { events: 0 };
  const samples = sampleEvents(seed, () => Date.now());
  const startedAt = systemClock.nowMs();
  const tick = async (): Promise<void> => {
    while (!signal.aborted) {
      const due = Math.floor(((systemClock.nowMs() - startedAt) / 1000) * rate) - published.events;
      const messages = Array.from({ length: Math.min(due, 1000) }, () => ({ data: nextDatum(samples) }));
      if (messages.length > 0) pubsub.publish(TOPIC, messages);
      published.events += messages.length;
      await sleep(systemClock, TICK_MS, signal);
    }
  };
  void tick();
  return published;
}

/** Samples that are no Avro at all are passed over: the topic's schema would refuse them. */
function nextDatum(samples: ReturnType<typeof sampleEvents>): Buffer {
  for (;;) {
    const { event, bytes } = samples.next().value;
    if (!bytes) return encodeAvro(event);
  }
}
