// What a judge of a test run, or a person, may see of the server's insides. Plain JSON.

import type { PubSubStore } from "./store.ts";
import type { Subscription } from "./subscription.ts";
import { invalid } from "./rpc-error.ts";

export interface SubscriptionInspection {
  readonly name: string;
  readonly topic: string;
  readonly streams: number;
  /** Published to it since it exists. */
  readonly published: number;
  readonly waiting: number;
  readonly backingOff: number;
  /** Leased now. */
  readonly outstanding: number;
  readonly acked: number;
  readonly nacked: number;
  readonly expired: number;
  readonly deadLettered: number;
  readonly deliveries: number;
  readonly redeliveries: number;
  readonly extensions: number;
  readonly lateAcks: number;
  readonly lateModacks: number;
  readonly soughtPast: number;
  readonly copies: number;
  /** Held and not acknowledged. */
  readonly bytes: number;
}

export interface TopicInspection {
  readonly name: string;
  readonly published: number;
  readonly subscriptions: readonly string[];
}

export interface Inspection {
  readonly connections: number;
  readonly faultsInjected: number;
  readonly topics: readonly TopicInspection[];
  readonly subscriptions: readonly SubscriptionInspection[];
}

export const idKinds = ["published", "outstanding", "acked", "deadLettered", "expired"] as const;
export type IdKind = (typeof idKinds)[number];

export interface IdList {
  readonly ids: readonly string[];
  /** How many older ones are no longer known. */
  readonly forgotten: number;
}

export function inspectSubscription(subscription: Subscription, streams: number): SubscriptionInspection {
  const { tally, settings } = subscription;
  return {
    name: settings.name,
    topic: settings.topic,
    streams,
    published: tally.published.count,
    waiting: subscription.waiting,
    backingOff: subscription.backingOff,
    outstanding: subscription.outstanding,
    acked: tally.acked.count,
    nacked: tally.nacks,
    expired: tally.expired.count,
    deadLettered: tally.deadLettered.count,
    deliveries: tally.deliveries,
    redeliveries: tally.redeliveries,
    extensions: tally.extensions,
    lateAcks: tally.lateAcks,
    lateModacks: tally.lateModacks,
    soughtPast: tally.soughtPast,
    copies: tally.copies,
    bytes: subscription.bytes,
  };
}

export function inspectTopics(store: PubSubStore): TopicInspection[] {
  return Array.from(store.allTopics(), ({ resource, published, subscriptions }) => ({
    name: resource.name,
    published,
    subscriptions: Array.from(subscriptions, ({ settings }) => settings.name).sort(),
  }));
}

/** Message ids, oldest first. Throws INVALID_ARGUMENT for another kind. */
export function idsOf(subscription: Subscription, kind: string): IdList {
  if (kind === "outstanding") return { ids: subscription.outstandingIds(), forgotten: 0 };
  if (kind !== "published" && kind !== "acked" && kind !== "deadLettered" && kind !== "expired")
    throw invalid(`Unknown kind of ids: ${kind.slice(0, 40)}; known: ${idKinds.join(", ")}.`);
  const log = subscription.tally[kind];
  return { ids: log.list(), forgotten: log.forgotten };
}
