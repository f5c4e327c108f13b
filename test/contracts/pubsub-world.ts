// What the parts of the Pub/Sub contract share: one server, the high-level client and the raw one.

import { randomUUID } from "node:crypto";

import { type Message, PubSub, type protos, type Subscription, type Topic, v1 } from "@google-cloud/pubsub";
import { credentials } from "@grpc/grpc-js";

import type { RunningEmulator } from "../support/google-emulator.ts";

export const project = "contract-project";

/** Far more than a message takes to come back; only a failing test waits for it. */
const PULL_TRIES = 100;
const PULL_PAUSE_MS = 50;

type PulledMessage = protos.google.pubsub.v1.IReceivedMessage;

export class PubSubWorld {
  private constructor(
    private readonly server: RunningEmulator,
    readonly pubsub: PubSub,
    readonly raw: v1.SubscriberClient,
  ) {}

  static async open(start: () => Promise<RunningEmulator>): Promise<PubSubWorld> {
    const server = await start();
    const [servicePath = "", port] = server.host.split(":");
    const sslCreds = credentials.createInsecure();
    return new PubSubWorld(
      server,
      new PubSub({ projectId: project, apiEndpoint: server.host, emulatorMode: true }),
      new v1.SubscriberClient({ servicePath, port: Number(port), sslCreds, projectId: project }),
    );
  }

  async close(): Promise<void> {
    await this.raw.close();
    await this.pubsub.close();
    await this.server.close();
  }

  async topicAndSubscription(
    options: Parameters<Topic["createSubscription"]>[1] = {},
  ): Promise<{ topic: Topic; subscription: Subscription }> {
    const [topic] = await this.pubsub.createTopic(fresh("topic"));
    const [subscription] = await topic.createSubscription(fresh("sub"), options);
    return { topic, subscription };
  }

  /** The next message by Pull, not acknowledged. */
  async pullOne(subscription: string): Promise<PulledMessage> {
    for (let attempt = 0; attempt < PULL_TRIES; attempt++) {
      const request = { subscription, maxMessages: 1, returnImmediately: true };
      const [{ receivedMessages }] = await this.raw.pull(request);
      if (receivedMessages?.[0]) return receivedMessages[0];
      await new Promise((resolve) => setTimeout(resolve, PULL_PAUSE_MS));
    }
    throw new Error(`nothing to pull from ${subscription}`);
  }
}

export function fresh(what: string): string {
  return `${what}-${randomUUID()}`;
}

/** The first `count` messages that a high-level subscription yields, acknowledged; closes it. */
export async function received(subscription: Subscription, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    subscription.on("error", reject);
    subscription.on("message", (message: Message) => {
      message.ack();
      messages.push(message);
      if (messages.length === count) resolve();
    });
  });
  await subscription.close();
  return messages;
}

/** The status a stream ends with after these requests. */
export function endOfStream(client: v1.SubscriberClient, requests: readonly object[]): Promise<number> {
  return new Promise((resolve) => {
    const stream = client.streamingPull();
    stream.on("data", () => {});
    stream.on("error", (error: Error & { code: number }) => resolve(error.code));
    for (const request of requests) stream.write(request);
  });
}
