// The local Pub/Sub: the service's gRPC interface on a loopback port, for the quick start, our tests and those of
// our users. Any Google client uses it through PUBSUB_EMULATOR_HOST. All state is in memory and ends with it.
//
// Unlike the service: ordering keys are passed through and not enforced; no filters, push or export
// subscriptions, exactly-once delivery or Protocol Buffer schemas (each is refused with a reason); a late ack
// never succeeds; nothing expires by age. Unlike Google's emulator: server-side flow control, answers to
// keepalive requests, schema rules and scripted faults.

import { type Clock, systemClock } from "../../engine/clock.ts";
import { Faults } from "./faults.ts";
import type { FaultScript } from "./fault-script.ts";
import { listen } from "./grpc-server.ts";
import { measured } from "./incoming-message.ts";
import { iamService } from "./iam-service.ts";
import {
  type IdKind,
  type IdList,
  idsOf,
  type Inspection,
  inspectSubscription,
  inspectTopics,
  type SubscriptionInspection,
} from "./inspection.ts";
import { defaultLimits, type PubSubLimits } from "./limits.ts";
import type { PublishedMessage } from "./message.ts";
import { loadProtos } from "./protos.ts";
import { publisherService } from "./publisher-service.ts";
import { pullRpc } from "./pull.ts";
import type { SchemaResource, SubscriptionResource, TopicResource } from "./resources.ts";
import type { StatusName } from "./rpc-error.ts";
import type { NewSchema } from "./schema-registry.ts";
import { schemaService } from "./schema-service.ts";
import { PubSubStore } from "./store.ts";
import { Streams } from "./streams.ts";
import { subscriberService } from "./subscriber-service.ts";

export interface PubSubOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly host?: string;
  readonly clock?: Clock;
  /** For faults with a probability or a jitter. */
  readonly random?: () => number;
  readonly faults?: FaultScript;
  readonly limits?: Partial<PubSubLimits>;
}

/** Methods that make or ask for resources throw RpcError, as the RPCs of the same name do. Names are full names. */
export interface PubSubEmulator {
  readonly host: string;
  readonly port: number;
  /** `host:port`, the value for PUBSUB_EMULATOR_HOST. */
  readonly address: string;
  readonly faults: Faults;
  createTopic(topic: string | TopicResource): TopicResource;
  createSubscription(subscription: SubscriptionResource): SubscriptionResource;
  createSchema(schema: NewSchema): SchemaResource;
  commitSchema(schema: NewSchema): SchemaResource;
  /** All or none; yields the message ids. At most `limits.publishMessages` at once. */
  publish(topic: string, messages: readonly PublishedMessage[]): string[];
  inspect(): Inspection;
  subscription(name: string): SubscriptionInspection;
  ids(subscription: string, kind: IdKind): IdList;
  /** Ends open streams with a status; yields how many. */
  endStreams(
    status: StatusName,
    only?: { readonly subscription?: string; readonly message?: string },
  ): number;
  /** Resets every TCP connection; yields how many. */
  dropConnections(): number;
  goAway(graceMs: number): void;
  close(): Promise<void>;
}

export async function startPubSub(options: PubSubOptions = {}): Promise<PubSubEmulator> {
  const { host = "127.0.0.1", port = 0, clock = systemClock, random = Math.random } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const protos = loadProtos();
  const faults = new Faults(clock, random);
  if (options.faults) faults.apply(options.faults);
  const copies = () => faults.streams.copies ?? 1;
  const store = new PubSubStore({ clock, limits, codec: protos.codec, copies });
  const streams = new Streams({ clock, limits, faults, store });
  const pull = pullRpc({ clock, limits, pumpOf: (name) => streams.pumpOf(name) });
  const gone = (name: string) => streams.gone(name);
  const detached = (name: string) => streams.detached(name);
  const server = await listen({
    host,
    port,
    clock,
    faults,
    limits,
    services: [
      [protos.publisher, publisherService({ store, limits, detached })],
      [protos.subscriber, subscriberService({ store, limits, pull, gone })],
      [protos.schemas, schemaService(store.schemas, limits)],
      [protos.iam, iamService(store)],
    ],
    startStream: (call) => streams.start(call),
  });
  const inspectOne = (name: string) => {
    const subscription = store.subscription(name);
    return inspectSubscription(subscription, streams.countOf(subscription));
  };
  return {
    host,
    port: server.port,
    address: `${host}:${server.port}`,
    faults,
    createTopic: (topic) => store.createTopic(typeof topic === "string" ? { name: topic } : topic),
    createSubscription: (subscription) => store.createSubscription(subscription).settings,
    createSchema: (schema) => store.schemas.create(schema),
    commitSchema: (schema) => store.schemas.commit(schema),
    publish: (topic, messages) =>
      store.publish(
        topic,
        messages.map((message) => measured(Buffer.from(protos.codec.encode(message)))),
      ),
    inspect: () => ({
      connections: server.connections,
      faultsInjected: faults.injected,
      topics: inspectTopics(store),
      subscriptions: Array.from(store.allSubscriptions(), ({ settings }) => inspectOne(settings.name)),
    }),
    subscription: inspectOne,
    ids: (name, kind) => idsOf(store.subscription(name), kind),
    endStreams: (status, only) => streams.end(status, only),
    dropConnections: () => server.dropConnections(),
    goAway: (graceMs) => server.goAway(graceMs),
    close: async () => {
      streams.close();
      store.close();
      await server.close();
    },
  };
}
