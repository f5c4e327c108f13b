import type { Message, Subscription } from "@google-cloud/pubsub";
import { describe, expect, it } from "vitest";

import { fresh, type PubSubWorld, received } from "./pubsub-world.ts";

export function delivery(world: () => PubSubWorld): void {
  describe("publish and pull", () => {
    it("delivers data, attributes, ordering key, id and publish time to the high-level client", async () => {
      const { topic, subscription } = await world().topicAndSubscription({ enableMessageOrdering: true });
      const ordered = world().pubsub.topic(topic.name, { messageOrdering: true });
      const attributes = { kind: "feature", "ünïcode ✓": "wért 🎈" };
      const data = Buffer.from([0, 255, 1, 254]);
      const before = Date.now();
      const id = await ordered.publishMessage({ data, attributes, orderingKey: "key-1" });
      const [message] = (await received(subscription, 1)) as [Message];
      expect(message.id).toBe(id);
      expect(message.data).toEqual(data);
      expect(message.attributes).toEqual(attributes);
      expect(message.orderingKey).toBe("key-1");
      expect(Math.abs(message.publishTime.getTime() - before)).toBeLessThan(60_000);
    });

    it("gives every message an id of its own", async () => {
      const { topic } = await world().topicAndSubscription();
      const publishing = Array.from({ length: 250 }, (_, n) =>
        topic.publishMessage({ data: Buffer.from(`${n}`) }),
      );
      expect(new Set(await Promise.all(publishing)).size).toBe(250);
    });

    it("takes a message with attributes only", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ attributes: { only: "this" } });
      const { message } = await world().pullOne(subscription.name);
      expect(message?.attributes).toEqual({ only: "this" });
      expect(message?.data).toHaveLength(0);
    });

    it("delivers to every subscription of a topic, from its creation on", async () => {
      const { topic, subscription: first } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("early") });
      const [second] = await topic.createSubscription(fresh("sub"));
      await topic.publishMessage({ data: Buffer.from("late") });
      const texts = async (subscription: Subscription, n: number) =>
        (await received(subscription, n)).map(({ data }) => data.toString()).sort();
      expect(await texts(first, 2)).toEqual(["early", "late"]);
      expect(await texts(second, 1)).toEqual(["late"]);
    });

    it("does not deliver again what was acknowledged, and takes the same ack twice", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("once") });
      const { ackId } = await world().pullOne(subscription.name);
      const ack = { subscription: subscription.name, ackIds: [ackId as string] };
      await world().raw.acknowledge(ack);
      await world().raw.acknowledge(ack);
      await topic.publishMessage({ data: Buffer.from("other") });
      expect((await world().pullOne(subscription.name)).message?.data?.toString()).toBe("other");
    });

    it("delivers again at once after a nack", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("again") });
      const first = await world().pullOne(subscription.name);
      const nack = {
        subscription: subscription.name,
        ackIds: [first.ackId as string],
        ackDeadlineSeconds: 0,
      };
      await world().raw.modifyAckDeadline(nack);
      const second = await world().pullOne(subscription.name);
      expect(second.message?.messageId).toBe(first.message?.messageId);
      expect(second.ackId).not.toBe(first.ackId);
    });

    it("delivers again when the lease has run out, and not before", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("leased") });
      const first = await world().pullOne(subscription.name);
      const request = { subscription: subscription.name, maxMessages: 1, returnImmediately: true };
      expect((await world().raw.pull(request))[0].receivedMessages).toEqual([]);
      const shorten = {
        subscription: subscription.name,
        ackIds: [first.ackId as string],
        ackDeadlineSeconds: 1,
      };
      await world().raw.modifyAckDeadline(shorten);
      expect((await world().pullOne(subscription.name)).message?.messageId).toBe(first.message?.messageId);
    });

    it("redelivers to the high-level client what it nacks", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("unwanted") });
      const seen: string[] = [];
      await new Promise<void>((resolve, reject) => {
        subscription.on("error", reject);
        subscription.on("message", (message: Message) => {
          seen.push(message.id);
          if (seen.length < 3) message.nack();
          else {
            message.ack();
            resolve();
          }
        });
      });
      await subscription.close();
      expect(new Set(seen).size).toBe(1);
    });

    it("shares a subscription's messages between competing clients", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      const other = world().pubsub.subscription(subscription.name);
      const ids = await Promise.all(
        Array.from({ length: 200 }, (_, n) => topic.publishMessage({ data: Buffer.from(`${n}`) })),
      );
      const seen: string[] = [];
      await new Promise<void>((resolve, reject) => {
        for (const consumer of [subscription, other]) {
          consumer.on("error", reject);
          consumer.on("message", (message: Message) => {
            message.ack();
            seen.push(message.id);
            if (seen.length === ids.length) resolve();
          });
        }
      });
      await Promise.all([subscription.close(), other.close()]);
      expect(seen.sort()).toEqual(ids.sort());
    });
  });

  describe("on a stream", () => {
    it("takes acks and new deadlines", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("first") });
      const stream = world().raw.streamingPull();
      const texts: string[] = [];
      await new Promise<void>((resolve, reject) => {
        stream.on("error", reject);
        stream.on("data", ({ receivedMessages }) => {
          for (const { ackId, message } of receivedMessages) {
            texts.push(message.data.toString());
            if (texts.length === 1)
              stream.write({ modifyDeadlineAckIds: [ackId], modifyDeadlineSeconds: [0] });
            else {
              stream.write({ ackIds: [ackId] });
              resolve();
            }
          }
        });
        stream.write({ subscription: subscription.name, streamAckDeadlineSeconds: 10 });
      });
      stream.removeAllListeners("error").on("error", () => {});
      stream.cancel();
      expect(texts).toEqual(["first", "first"]);
    });
  });
}
