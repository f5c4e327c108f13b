// A store on a standing clock, and a subscription in it, for tests without a network.

import type { Faults } from "../../../src/emulators/pubsub/faults.ts";
import { measured } from "../../../src/emulators/pubsub/incoming-message.ts";
import { defaultLimits, type PubSubLimits } from "../../../src/emulators/pubsub/limits.ts";
import type { PublishedMessage } from "../../../src/emulators/pubsub/message.ts";
import { loadProtos } from "../../../src/emulators/pubsub/protos.ts";
import type { SubscriptionResource } from "../../../src/emulators/pubsub/resources.ts";
import { PubSubStore } from "../../../src/emulators/pubsub/store.ts";
import type { Delivery, Subscription } from "../../../src/emulators/pubsub/subscription.ts";
import { VirtualClock } from "../../../src/engine/virtual-clock.ts";

export const { codec } = loadProtos();
export const topicName = "projects/test/topics/events";
export const subscriptionName = "projects/test/subscriptions/events-sub";

export class StoreWorld {
  readonly clock = new VirtualClock();
  readonly store: PubSubStore;
  readonly subscription: Subscription;
  copies = 1;

  constructor(settings: Partial<SubscriptionResource> = {}, limits: Partial<PubSubLimits> = {}) {
    this.store = new PubSubStore({
      clock: this.clock,
      limits: { ...defaultLimits, ...limits },
      codec,
      copies: () => this.copies,
    });
    this.store.createTopic({ name: topicName });
    if (settings.deadLetterPolicy)
      this.store.createTopic({ name: settings.deadLetterPolicy.deadLetterTopic });
    this.subscription = this.store.createSubscription({
      name: subscriptionName,
      topic: topicName,
      ackDeadlineSeconds: 10,
      ...settings,
    });
  }

  publish(...messages: readonly (string | PublishedMessage)[]): string[] {
    return this.store.publish(topicName, messages.map(encoded));
  }

  /** Leases up to `count` for ten seconds. */
  take(count = 1000, from = this.subscription): Delivery[] {
    return from.take({ maxMessages: count, maxBytes: Number.POSITIVE_INFINITY, leaseMs: 10_000 });
  }

  takeTexts(count = 1000, from = this.subscription): string[] {
    return this.take(count, from).map(textOf);
  }

  ackIds(deliveries: readonly Delivery[]): string[] {
    return deliveries.map((delivery) => this.subscription.ackIdOf(delivery));
  }
}

export function encoded(message: string | PublishedMessage) {
  const full = typeof message === "string" ? { data: Buffer.from(message) } : message;
  return measured(Buffer.from(codec.encode(full)));
}

export function textOf({ message }: Delivery): string {
  return Buffer.from(codec.decode(message.wire).data).toString();
}

/** Sets faults for the length of `run` only. */
export async function withFaults(
  faults: Faults,
  script: Parameters<Faults["apply"]>[0],
  run: () => Promise<void>,
): Promise<void> {
  faults.apply(script);
  try {
    await run();
  } finally {
    faults.clear();
  }
}
