// Snapshots: what a subscription had not acknowledged at a moment, and all that was published to its topic after it.
// Bounded: one that would keep more than the limits is given up, and seeking to it says so.

import type { Clock } from "../../engine/clock.ts";
import type { PubSubLimits } from "./limits.ts";
import { millisOf, type StoredMessage, type Timestamp, timestampOf } from "./message.ts";
import { checkedName, idOf, projectOf } from "./resource-names.ts";
import { alreadyExists, notFound, RpcError } from "./rpc-error.ts";
import type { Subscription } from "./subscription.ts";

export interface SnapshotResource {
  readonly name: string;
  readonly topic: string;
  readonly expireTime: Timestamp;
  readonly labels: Readonly<Record<string, string>>;
}

interface Snapshot {
  resource: SnapshotResource;
  /** undefined: it became too large. */
  messages: StoredMessage[] | undefined;
  bytes: number;
}

/** Google, "Replay and purge messages": a snapshot lives for seven days, less the age of its oldest message. */
const LIFE_MS = 7 * 86_400_000;

export class Snapshots {
  private readonly all = new Map<string, Snapshot>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: PubSubLimits,
  ) {}

  create(name: string, of: Subscription, labels: Readonly<Record<string, string>>): SnapshotResource {
    checkedName(name, "snapshots");
    if (this.all.has(name)) throw alreadyExists(idOf(name));
    if (this.all.size >= this.limits.subscriptions)
      throw new RpcError(
        "RESOURCE_EXHAUSTED",
        `This local Pub/Sub keeps ${this.limits.subscriptions} snapshots.`,
      );
    const messages = of.unacknowledged();
    const oldestMs = messages[0]?.publishedAtMs ?? this.clock.wallMs();
    const expireTime = timestampOf(oldestMs + LIFE_MS);
    const snapshot = {
      resource: { name, topic: of.settings.topic, expireTime, labels },
      messages: [],
      bytes: 0,
    };
    this.all.set(name, snapshot);
    for (const message of messages) this.keep(snapshot, message);
    return snapshot.resource;
  }

  get(name: string): SnapshotResource {
    return this.find(name).resource;
  }

  list(project: string): SnapshotResource[] {
    return [...this.all.values()]
      .map(({ resource }) => resource)
      .filter(({ name }) => projectOf(name) === project);
  }

  ofTopic(topic: string): string[] {
    return [...this.all.values()].flatMap(({ resource }) =>
      resource.topic === topic ? [resource.name] : [],
    );
  }

  delete(name: string): void {
    this.find(name);
    this.all.delete(name);
  }

  published(topic: string, message: StoredMessage): void {
    for (const snapshot of this.all.values())
      if (snapshot.resource.topic === topic) this.keep(snapshot, message);
  }

  seek(subscription: Subscription, name: string): void {
    const { resource, messages } = this.find(name);
    if (resource.topic !== subscription.settings.topic)
      throw new RpcError("FAILED_PRECONDITION", "The snapshot is of another topic than the subscription.");
    if (!messages)
      throw new RpcError(
        "RESOURCE_EXHAUSTED",
        `Snapshot ${idOf(name)} grew too large for this local Pub/Sub.`,
      );
    subscription.replaceAll(messages);
  }

  private keep(snapshot: Snapshot, message: StoredMessage): void {
    snapshot.bytes += message.wire.length;
    snapshot.messages?.push(message);
    const { retainedMessages, retainedBytes } = this.limits;
    if (snapshot.bytes > retainedBytes || (snapshot.messages?.length ?? 0) > retainedMessages)
      snapshot.messages = undefined;
  }

  private find(name: string): Snapshot {
    const snapshot = this.all.get(name);
    if (!snapshot || millisOf(snapshot.resource.expireTime) <= this.clock.wallMs())
      throw notFound(idOf(name));
    return snapshot;
  }
}
