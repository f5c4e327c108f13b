// What a person asks of a subscription beside reading it: what it keeps, and to go back in time.

import type { protos } from "@google-cloud/pubsub";
import type { Client } from "@grpc/grpc-js";

import { connect, type ConnectOptions, routing } from "../../pubsub/connect.ts";

type V1 = typeof protos.google.pubsub.v1;

export interface SubscriptionFacts {
  readonly topic: string;
  /** How long unacknowledged messages are kept, and acknowledged ones too if `keepsAcked`. */
  readonly retentionMs: number;
  readonly keepsAcked: boolean;
  /** How long its topic keeps every message, acknowledged or not; 0: it keeps none. */
  readonly topicRetentionMs: number;
}

export interface SnapshotFacts {
  readonly topic: string;
  readonly expiresAtMs: number;
}

const TIMEOUT_MS = 30_000;
const SUBSCRIBER = "/google.pubsub.v1.Subscriber";

/** Every method rejects with an Error that has the gRPC `code`. */
export class SubscriptionAdmin {
  private constructor(
    private readonly client: Client,
    private readonly v1: V1,
    private readonly subscription: string,
  ) {}

  static async connect(
    options: ConnectOptions & { readonly subscription: string },
  ): Promise<SubscriptionAdmin> {
    const { protos: all } = await import("@google-cloud/pubsub");
    return new SubscriptionAdmin(await connect(options), all.google.pubsub.v1, options.subscription);
  }

  async facts(): Promise<SubscriptionFacts> {
    const { GetSubscriptionRequest, Subscription } = this.v1;
    const asked = GetSubscriptionRequest.encode({ subscription: this.subscription }).finish();
    const bytes = await this.call("GetSubscription", asked, "subscription", this.subscription);
    const { topic, messageRetentionDuration, retainAckedMessages, topicMessageRetentionDuration } =
      Subscription.decode(bytes);
    return {
      topic,
      retentionMs: millisOf(messageRetentionDuration),
      keepsAcked: retainAckedMessages,
      topicRetentionMs: millisOf(topicMessageRetentionDuration),
    };
  }

  async snapshot(snapshot: string): Promise<SnapshotFacts> {
    const { GetSnapshotRequest, Snapshot } = this.v1;
    const asked = GetSnapshotRequest.encode({ snapshot }).finish();
    const { topic, expireTime } = Snapshot.decode(
      await this.call("GetSnapshot", asked, "snapshot", snapshot),
    );
    return { topic, expiresAtMs: millisOf(expireTime) };
  }

  /** To a time (Unix ms) or a snapshot (its full name). */
  async seek(to: number | string): Promise<void> {
    const { subscription } = this;
    const target =
      typeof to === "string"
        ? { snapshot: to }
        : { time: { seconds: Math.floor(to / 1000), nanos: Math.floor((to % 1000) * 1e6) } };
    const asked = this.v1.SeekRequest.encode({ subscription, ...target }).finish();
    await this.call("Seek", asked, "subscription", subscription);
  }

  close(): void {
    this.client.close();
  }

  private call(method: string, body: Uint8Array, field: string, resource: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        `${SUBSCRIBER}/${method}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        body,
        routing(field, resource),
        { deadline: Date.now() + TIMEOUT_MS },
        (error, answer) => {
          if (error) reject(error);
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
    });
  }
}

function millisOf(time: protos.google.protobuf.IDuration | null | undefined): number {
  if (!time) return 0;
  return Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6;
}
