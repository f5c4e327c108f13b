import { SchemaTypes } from "@google-cloud/pubsub";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";

import { endOfStream, fresh, project, type PubSubWorld } from "./pubsub-world.ts";

export function refusals(world: () => PubSubWorld): void {
  describe("errors", () => {
    it("answers NOT_FOUND for what does not exist", async () => {
      await expect(world().pubsub.topic("no-such-topic").get()).rejects.toMatchObject({
        code: status.NOT_FOUND,
      });
      await expect(world().pubsub.subscription("no-such-sub").get()).rejects.toMatchObject({
        code: status.NOT_FOUND,
      });
      const publishing = world()
        .pubsub.topic("no-such-topic")
        .publishMessage({ data: Buffer.from("x") });
      await expect(publishing).rejects.toMatchObject({ code: status.NOT_FOUND });
      const creating = world().pubsub.topic("no-such-topic").createSubscription(fresh("sub"));
      await expect(creating).rejects.toMatchObject({ code: status.NOT_FOUND });
      const acking = world().raw.acknowledge({
        subscription: `projects/${project}/subscriptions/none`,
        ackIds: ["a:1"],
      });
      await expect(acking).rejects.toMatchObject({ code: status.NOT_FOUND });
    });

    it("answers ALREADY_EXISTS for a second topic, subscription or schema of a name", async () => {
      const { topic, subscription } = await world().topicAndSubscription();
      await expect(world().pubsub.createTopic(topic.name)).rejects.toMatchObject({
        code: status.ALREADY_EXISTS,
      });
      const again = topic.createSubscription(subscription.name);
      await expect(again).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      const schema = fresh("schema");
      const record = '{"type":"record","name":"R","fields":[]}';
      await world().pubsub.createSchema(schema, SchemaTypes.Avro, record);
      const second = world().pubsub.createSchema(schema, SchemaTypes.Avro, record);
      await expect(second).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
    });

    it("answers INVALID_ARGUMENT for bad names, empty messages and impossible deadlines", async () => {
      await expect(world().pubsub.createTopic("1x")).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
      await expect(world().pubsub.createTopic("google-it")).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
      });
      const { topic, subscription } = await world().topicAndSubscription();
      const empty = topic.publishMessage({ data: Buffer.alloc(0) });
      await expect(empty).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const { name } = subscription;
      const pulling = world().raw.pull({ subscription: name, maxMessages: 0 });
      await expect(pulling).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const acking = world().raw.acknowledge({ subscription: name, ackIds: [] });
      await expect(acking).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const bogus = world().raw.acknowledge({ subscription: name, ackIds: ["bogus"] });
      await expect(bogus).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
      const negative = world().raw.modifyAckDeadline({
        subscription: name,
        ackIds: ["x:1"],
        ackDeadlineSeconds: -1,
      });
      await expect(negative).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });

    it.each([
      ["no subscription", {}, status.INVALID_ARGUMENT],
      ["no deadline", { streamAckDeadlineSeconds: 0 }, status.INVALID_ARGUMENT],
      ["a deadline under 10 s", { streamAckDeadlineSeconds: 5 }, status.INVALID_ARGUMENT],
      ["a deadline over 600 s", { streamAckDeadlineSeconds: 601 }, status.INVALID_ARGUMENT],
      ["an unknown subscription", { streamAckDeadlineSeconds: 10 }, status.NOT_FOUND],
    ])("ends a stream that begins with %s", async (what, request, code) => {
      const { subscription } = await world().topicAndSubscription();
      const missing = `projects/${project}/subscriptions/missing`;
      const named = what === "an unknown subscription" ? missing : subscription.name;
      const first =
        what === "no subscription" ? { streamAckDeadlineSeconds: 10 } : { subscription: named, ...request };
      expect(await endOfStream(world().raw, [first])).toBe(code);
    });

    it("ends a stream that names its subscription twice or sends uneven lists", async () => {
      const { subscription } = await world().topicAndSubscription();
      const first = { subscription: subscription.name, streamAckDeadlineSeconds: 10 };
      expect(await endOfStream(world().raw, [first, first])).toBe(status.INVALID_ARGUMENT);
      const uneven = { modifyDeadlineAckIds: ["x:1"], modifyDeadlineSeconds: [] };
      expect(await endOfStream(world().raw, [first, uneven])).toBe(status.INVALID_ARGUMENT);
    });
  });
}
