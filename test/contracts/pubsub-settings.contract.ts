import type { Message } from "@google-cloud/pubsub";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";

import { fresh, project, type PubSubWorld, received } from "./pubsub-world.ts";

export function settings(world: () => PubSubWorld): void {
  describe("dead letters", () => {
    it("forwards after the attempts are used up, and counts them for the client", async () => {
      const [deadTopic] = await world().pubsub.createTopic(fresh("dead"));
      const [dead] = await deadTopic.createSubscription(fresh("dead-sub"));
      const { topic, subscription } = await world().topicAndSubscription({
        deadLetterPolicy: { deadLetterTopic: deadTopic.name, maxDeliveryAttempts: 5 },
      });
      await topic.publishMessage({ data: Buffer.from("poison"), attributes: { mine: "kept" } });
      const attempts: number[] = [];
      subscription.on("error", () => {});
      subscription.on("message", (message: Message) => {
        attempts.push(message.deliveryAttempt);
        message.nack();
      });
      const [letter] = (await received(dead, 1)) as [Message];
      await subscription.close();
      expect(attempts).toEqual([1, 2, 3, 4, 5]);
      expect(letter.data.toString()).toBe("poison");
      expect(letter.attributes).toMatchObject({
        mine: "kept",
        CloudPubSubDeadLetterSourceDeliveryCount: "5",
        CloudPubSubDeadLetterSourceSubscription: subscription.name.split("/").pop(),
        CloudPubSubDeadLetterSourceSubscriptionProject: project,
      });
      expect(letter.attributes["CloudPubSubDeadLetterSourceTopicPublishTime"]).toMatch(/^\d{4}-\d\d-\d\dT/);
    });

    it("tells no attempts without a dead-letter policy", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.publishMessage({ data: Buffer.from("plain") });
      expect((await world().pullOne(subscription.name)).deliveryAttempt).toBe(0);
    });

    it("refuses a dead-letter topic that does not exist", async () => {
      const deadLetterTopic = `projects/${project}/topics/no-such-topic`;
      const creating = world().topicAndSubscription({
        deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts: 5 },
      });
      await expect(creating).rejects.toMatchObject({ code: status.NOT_FOUND });
    });
  });

  describe("settings", () => {
    it("updates a subscription, and lists what exists", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await subscription.setMetadata({ ackDeadlineSeconds: 77 });
      const [{ ackDeadlineSeconds, topic: of }] = await subscription.getMetadata();
      expect([ackDeadlineSeconds, of]).toEqual([77, topic.name]);
      const [topics] = await world().pubsub.getTopics();
      expect(topics.map((t) => t.name)).toContain(topic.name);
      const [subscriptions] = await topic.getSubscriptions();
      expect(subscriptions.map((s) => s.name)).toEqual([subscription.name]);
    });

    it("keeps a subscription whose topic is deleted, on _deleted-topic_", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await topic.delete();
      expect((await subscription.getMetadata())[0].topic).toBe("_deleted-topic_");
      await subscription.delete();
      await expect(subscription.getMetadata()).rejects.toMatchObject({ code: status.NOT_FOUND });
    });
  });
}
