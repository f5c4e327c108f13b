// One server for a test file, and a topic with a subscription of its own for each test.

import { v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach } from "vitest";

import { type PubSubEmulator, startPubSub } from "../../../src/emulators/pubsub/start-pubsub.ts";
import { StreamClient } from "./stream-client.ts";

export class ServerWorld {
  emulator!: PubSubEmulator;
  client!: v1.SubscriberClient;
  topic = "";
  subscription = "";
  private made = 0;

  /** Registers what opens and closes it with the running test file. */
  static forThisFile(): ServerWorld {
    const world = new ServerWorld();
    beforeAll(() => world.start());
    beforeEach(() => world.renew());
    afterAll(() => world.close());
    return world;
  }

  publish(count: number, bytes = 1): string[] {
    const messages = Array.from({ length: count }, () => ({ data: Buffer.alloc(bytes, 120) }));
    return this.emulator.publish(this.topic, messages);
  }

  open(first: object = {}): StreamClient {
    return new StreamClient(this.client, {
      subscription: this.subscription,
      streamAckDeadlineSeconds: 10,
      ...first,
    });
  }

  private async start(): Promise<void> {
    this.emulator = await startPubSub();
    this.client = new v1.SubscriberClient({
      servicePath: this.emulator.host,
      port: this.emulator.port,
      sslCreds: credentials.createInsecure(),
      projectId: "test",
    });
  }

  private renew(): void {
    this.emulator.faults.clear();
    this.topic = `projects/test/topics/topic-${++this.made}`;
    this.subscription = `projects/test/subscriptions/sub-${this.made}`;
    this.emulator.createTopic(this.topic);
    this.emulator.createSubscription({ name: this.subscription, topic: this.topic });
  }

  private async close(): Promise<void> {
    await this.client.close();
    await this.emulator.close();
  }
}
