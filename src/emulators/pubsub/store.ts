// Topics and subscriptions, and what publishing to one means for the others. Pure: no network, no time but the
// clock it is given, so a test can hold a week's leases in its hand.

import type { Clock } from "../../engine/clock.ts";
import type { IncomingMessage } from "./incoming-message.ts";
import type { PubSubLimits } from "./limits.ts";
import { isoOf, type MessageCodec, type StoredMessage } from "./message.ts";
import { checkMessages } from "./publish-rules.ts";
import { checkedName, deletedTopic, idOf, projectOf } from "./resource-names.ts";
import type { SubscriptionResource, TopicResource } from "./resources.ts";
import { alreadyExists, notFound, notHere, RpcError } from "./rpc-error.ts";
import { SchemaRegistry } from "./schema-registry.ts";
import { storedMessage } from "./stored-message.ts";
import { Snapshots } from "./snapshots.ts";
import { type Delivery, Subscription } from "./subscription.ts";
import { checkedSettings } from "./subscription-settings.ts";

export interface Topic {
  resource: TopicResource;
  readonly subscriptions: Set<Subscription>;
  published: number;
}

export interface StoreWorld {
  readonly clock: Clock;
  readonly limits: PubSubLimits;
  readonly codec: MessageCodec;
  /** See SubscriptionWorld. */
  copies(): number;
}

export class PubSubStore {
  readonly schemas: SchemaRegistry;
  readonly snapshots: Snapshots;
  private readonly topics = new Map<string, Topic>();
  private readonly subscriptions = new Map<string, Subscription>();
  private lastId: number;
  private subscriptionsMade = 0;
  private readonly startedAt: string;

  constructor(private readonly world: StoreWorld) {
    this.schemas = new SchemaRegistry(world.clock, world.limits);
    this.snapshots = new Snapshots(world.clock, world.limits);
    // Sixteen digits, as the service's, and above those of any run before.
    this.lastId = world.clock.wallMs() * 1000;
    this.startedAt = world.clock.wallMs().toString(36);
  }

  createTopic(asked: TopicResource): TopicResource {
    const name = checkedName(asked.name, "topics");
    if (this.topics.has(name)) throw alreadyExists(idOf(name));
    checkRoom(this.topics.size, this.world.limits.topics, "topics");
    this.checkTopic(asked);
    const resource = { ...asked, state: "ACTIVE" };
    this.topics.set(name, { resource, subscriptions: new Set(), published: 0 });
    return resource;
  }

  updateTopic(resource: TopicResource): TopicResource {
    this.checkTopic(resource);
    this.topic(resource.name).resource = resource;
    return resource;
  }

  /** Its subscriptions stay, with what they hold, on `_deleted-topic_`. */
  deleteTopic(name: string): void {
    const { subscriptions } = this.topic(name);
    for (const subscription of subscriptions)
      subscription.settings = { ...subscription.settings, topic: deletedTopic };
    this.topics.delete(name);
  }

  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (!topic) throw notFound(idOf(name));
    return topic;
  }

  listTopics(project: string): TopicResource[] {
    return ofProject(this.topics, project).map(({ resource }) => resource);
  }

  createSubscription(asked: SubscriptionResource): Subscription {
    const name = checkedName(asked.name, "subscriptions");
    if (this.subscriptions.has(name)) throw alreadyExists(idOf(name));
    checkRoom(this.subscriptions.size, this.world.limits.subscriptions, "subscriptions");
    const topic = this.topic(asked.topic);
    const settings = this.checkedSubscription(asked);
    const { clock, limits, copies } = this.world;
    const key = `${this.startedAt}.${(++this.subscriptionsMade).toString(36)}`;
    const deadLetter = (from: Subscription, delivery: Delivery) => this.deadLetter(from, delivery);
    const subscription = new Subscription(settings, { clock, limits, key, copies, deadLetter });
    this.subscriptions.set(name, subscription);
    topic.subscriptions.add(subscription);
    return subscription;
  }

  updateSubscription(asked: SubscriptionResource): SubscriptionResource {
    const subscription = this.subscription(asked.name);
    subscription.settings = this.checkedSubscription(asked);
    return subscription.settings;
  }

  deleteSubscription(name: string): void {
    const subscription = this.subscription(name);
    this.topics.get(subscription.settings.topic)?.subscriptions.delete(subscription);
    this.subscriptions.delete(name);
    subscription.clear();
  }

  /** It stays, empty, and takes no more messages. */
  detachSubscription(name: string): void {
    const subscription = this.subscription(name);
    this.topics.get(subscription.settings.topic)?.subscriptions.delete(subscription);
    subscription.settings = { ...subscription.settings, detached: true };
    subscription.clear();
  }

  subscription(name: string): Subscription {
    const subscription = this.subscriptions.get(name);
    if (!subscription) throw notFound(idOf(name));
    return subscription;
  }

  hasSubscription(name: string): boolean {
    return this.subscriptions.has(name);
  }

  hasTopic(name: string): boolean {
    return this.topics.has(name);
  }

  listSubscriptions(project: string): Subscription[] {
    return ofProject(this.subscriptions, project);
  }

  allTopics(): Iterable<Topic> {
    return this.topics.values();
  }

  allSubscriptions(): Iterable<Subscription> {
    return this.subscriptions.values();
  }

  /** All or none. Yields the message ids, in order. */
  publish(topicName: string, messages: readonly IncomingMessage[]): string[] {
    const topic = this.topic(topicName);
    checkMessages(messages, this.world.limits);
    const { schemaSettings } = topic.resource;
    // Schemas are judged for all before the first is stored.
    const stamps = schemaSettings?.schema
      ? messages.map(({ data }) => this.schemas.stamp(schemaSettings, data))
      : undefined;
    const stored = messages.map(({ wire }, index) => this.stored(wire, stamps?.[index]));
    const bytes = stored.reduce((sum, { wire }) => sum + wire.length, 0);
    for (const subscription of topic.subscriptions) {
      if (subscription.hasRoomFor(stored.length, bytes)) continue;
      const { backlogMessages, backlogBytes } = this.world.limits;
      throw new RpcError(
        "RESOURCE_EXHAUSTED",
        `Subscription ${idOf(subscription.settings.name)} is full: this local Pub/Sub keeps ${backlogMessages} ` +
          `messages or ${backlogBytes} bytes of a subscription (backlogMessages, backlogBytes).`,
      );
    }
    for (const message of stored) this.deliver(topic, message);
    return stored.map(({ id }) => String(id));
  }

  /** Stops every timer. */
  close(): void {
    for (const subscription of this.subscriptions.values()) subscription.clear();
  }

  private stored(wire: Uint8Array, attributes?: Readonly<Record<string, string>>): StoredMessage {
    return storedMessage(wire, { id: ++this.lastId, publishedAtMs: this.world.clock.wallMs(), attributes });
  }

  /** Attributes as in Google's "Handle message failures: Dead-letter topics". Schemas are not judged again. */
  private deadLetter(from: Subscription, { message, attempt }: Delivery): boolean {
    const topic = this.topics.get(from.settings.deadLetterPolicy?.deadLetterTopic ?? "");
    if (!topic) return false;
    const { data, attributes, orderingKey } = this.world.codec.decode(message.wire);
    const { name } = from.settings;
    const copy = this.stored(this.world.codec.encode({ data, attributes, orderingKey }), {
      CloudPubSubDeadLetterSourceDeliveryCount: String(attempt),
      CloudPubSubDeadLetterSourceSubscription: idOf(name),
      CloudPubSubDeadLetterSourceSubscriptionProject: idOf(projectOf(name)),
      CloudPubSubDeadLetterSourceTopicPublishTime: isoOf(message.publishedAtMs),
    });
    for (const subscription of topic.subscriptions)
      if (!subscription.hasRoomFor(1, copy.wire.length)) return false;
    this.deliver(topic, copy);
    return true;
  }

  private deliver(topic: Topic, message: StoredMessage): void {
    topic.published++;
    for (const subscription of topic.subscriptions) subscription.enqueue(message);
    this.snapshots.published(topic.resource.name, message);
  }

  private checkTopic({ schemaSettings, ...topic }: TopicResource): void {
    if (topic["kmsKeyName"]) throw notHere("customer-managed encryption keys");
    if (topic["ingestionDataSourceSettings"]) throw notHere("ingestion");
    if (schemaSettings?.schema) this.schemas.get(schemaSettings.schema);
  }

  private checkedSubscription(asked: SubscriptionResource): SubscriptionResource {
    const settings = checkedSettings(asked);
    const deadLetterTopic = settings.deadLetterPolicy?.deadLetterTopic;
    if (deadLetterTopic) this.topic(deadLetterTopic);
    return settings;
  }
}

function checkRoom(size: number, limit: number, what: string): void {
  if (size >= limit) throw new RpcError("RESOURCE_EXHAUSTED", `This local Pub/Sub keeps ${limit} ${what}.`);
}

function ofProject<T>(all: ReadonlyMap<string, T>, project: string): T[] {
  const found = [...all].filter(([name]) => projectOf(name) === project);
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}
