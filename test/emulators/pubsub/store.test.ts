import { describe, expect, it } from "vitest";

import type { PublishedMessage } from "../../../src/emulators/pubsub/message.ts";
import type { SubscriptionResource } from "../../../src/emulators/pubsub/resources.ts";
import { codec, encoded, StoreWorld, subscriptionName, topicName } from "./world.ts";

const filledMap = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, "v"]));

describe("publishing", () => {
  it.each<[string, PublishedMessage, RegExp]>([
    ["nothing in it", {}, /Some messages are empty/],
    ["an empty attribute key", { attributes: { "": "x" } }, /An attribute key is empty/],
    ["101 attributes", { attributes: filledMap(101) }, /101 attributes; the maximum is 100/],
    ["a key of 257 bytes", { attributes: { ["k".repeat(257)]: "" } }, /257 bytes in an attribute key/],
    ["a value of 1,025 bytes", { attributes: { k: "v".repeat(1025) } }, /1025 bytes in an attribute value/],
    [
      "an ordering key of 1,025 bytes",
      { data: Buffer.of(1), orderingKey: "k".repeat(1025) },
      /its ordering key/,
    ],
    ["over 10 MiB", { data: Buffer.alloc(10 * 1024 * 1024) }, /exceeds the limit: 10485760 bytes/],
  ])("refuses a message with %s, and the rest of its request with it", (_, bad, problem) => {
    const world = new StoreWorld();
    expect(() => world.publish("good", bad)).toThrow(problem);
    expect(world.subscription.waiting).toBe(0);
  });

  it("takes messages at exactly those limits", () => {
    const world = new StoreWorld();
    world.publish({ attributes: { ...filledMap(99), ["k".repeat(256)]: "v".repeat(1024) } });
    world.publish({ data: Buffer.alloc(10 * 1024 * 1024 - 5) });
    expect(world.subscription.waiting).toBe(2);
  });

  it("refuses none and more than a thousand at once", () => {
    const world = new StoreWorld();
    expect(() => world.publish()).toThrow(/contains no messages/);
    expect(() => world.publish(...Array.from({ length: 1_001 }, () => "x"))).toThrow(/You passed 1001/);
  });

  it("gives increasing ids of sixteen digits, over all topics", () => {
    const world = new StoreWorld();
    world.store.createTopic({ name: `${topicName}-2` });
    const ids = [
      ...world.publish("a", "b"),
      ...world.store.publish(`${topicName}-2`, [encoded("c")]),
      ...world.publish("d"),
    ];
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^\d{16}$/);
  });
});

describe("resources", () => {
  it.each([
    "topics/x",
    "projects/p/topics/ab",
    "projects/p/topics/1ab",
    "projects/p/topics/goog-x",
    "projects/p/subscriptions/abc",
    "projects/p/topics/a/b",
    "",
  ])("refuses the topic name %j", (name) => {
    expect(() => new StoreWorld().store.createTopic({ name })).toThrow(/Invalid \[topics\] name/);
  });

  it.each<[string, Partial<SubscriptionResource>, RegExp]>([
    ["a filter", { filter: "attributes:x" }, /INVALID_ARGUMENT: .*no subscription filter/],
    ["exactly-once delivery", { enableExactlyOnceDelivery: true }, /UNIMPLEMENTED: .*exactly-once/],
    ["a push endpoint", { pushConfig: { pushEndpoint: "https://x" } }, /UNIMPLEMENTED: .*push/],
    ["a BigQuery export", { bigqueryConfig: { table: "t" } }, /UNIMPLEMENTED: .*bigqueryConfig/],
    ["a deadline of 9 s", { ackDeadlineSeconds: 9 }, /INVALID_ARGUMENT: Invalid ack deadline: 9 s/],
    ["a deadline of 601 s", { ackDeadlineSeconds: 601 }, /INVALID_ARGUMENT: Invalid ack deadline: 601 s/],
    ["4 attempts", { deadLetterPolicy: { deadLetterTopic: topicName, maxDeliveryAttempts: 4 } }, /too small/],
    [
      "101 attempts",
      { deadLetterPolicy: { deadLetterTopic: topicName, maxDeliveryAttempts: 101 } },
      /too large/,
    ],
    [
      "a backoff over 600 s",
      { retryPolicy: { maximumBackoff: { seconds: 601, nanos: 0 } } },
      /between 0 and 600/,
    ],
  ])("refuses a subscription with %s", (_, settings, problem) => {
    const { store } = new StoreWorld();
    const asked = { name: `${subscriptionName}-2`, topic: topicName, ...settings };
    expect(() => store.createSubscription(asked)).toThrow(problem);
    expect(store.hasSubscription(asked.name)).toBe(false);
  });

  it("are bounded in number", () => {
    const { store } = new StoreWorld({}, { topics: 1, subscriptions: 1 });
    expect(() => store.createTopic({ name: `${topicName}-2` })).toThrow(
      /RESOURCE_EXHAUSTED: .*keeps 1 topics/,
    );
    const second = { name: `${subscriptionName}-2`, topic: topicName };
    expect(() => store.createSubscription(second)).toThrow(/RESOURCE_EXHAUSTED: .*keeps 1 subscriptions/);
  });

  it("stay apart by project when listed", () => {
    const { store } = new StoreWorld();
    store.createTopic({ name: "projects/other/topics/zzz" });
    store.createTopic({ name: "projects/other/topics/aaa" });
    expect(store.listTopics("projects/other").map(({ name }) => name)).toEqual([
      "projects/other/topics/aaa",
      "projects/other/topics/zzz",
    ]);
  });

  it("a detached subscription is empty, and takes nothing more", () => {
    const world = new StoreWorld();
    world.publish("a");
    world.store.detachSubscription(subscriptionName);
    world.publish("b");
    expect([world.subscription.waiting, world.subscription.settings.detached]).toEqual([0, true]);
  });

  it("a deleted subscription stops its timers", async () => {
    const world = new StoreWorld();
    world.publish("a");
    world.take();
    world.store.deleteSubscription(subscriptionName);
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.publish("b")).toHaveLength(1);
  });
});

describe("a topic with a schema", () => {
  const schema = "projects/test/schemas/event";
  const definition = JSON.stringify({ type: "record", name: "E", fields: [{ name: "key", type: "string" }] });
  const evolved = JSON.stringify({
    type: "record",
    name: "E",
    fields: [
      { name: "key", type: "string" },
      { name: "list", type: { type: "array", items: "long" }, default: [] },
    ],
  });

  function schemaWorld(encoding: "JSON" | "BINARY", settings = {}) {
    const world = new StoreWorld();
    const first = world.store.schemas.create({ name: schema, definition });
    const second = world.store.schemas.commit({ name: schema, definition: evolved });
    const schemaSettings = { schema, encoding, ...settings };
    world.store.updateTopic({ name: topicName, schemaSettings });
    return { world, first, second };
  }

  it("keeps the process alive when a datum of five bytes announces a hundred million items", () => {
    const { world } = schemaWorld("BINARY");
    const bomb = Buffer.from([0, 0x80, 0x84, 0xaf, 0x5f]);
    expect(() => world.publish({ data: bomb })).toThrow(/BINARY: Not a valid Avro datum .*items announced/);
  });

  it("refuses the whole request for one bad message, quotes no payload, and stores nothing", () => {
    const { world } = schemaWorld("JSON");
    const publish = () => world.publish('{"key":"a"}', "my secret");
    expect(publish).toThrow("Invalid data in message: Message failed schema validation (JSON: not JSON).");
    expect(() => world.publish({ data: Buffer.of(0xff) })).toThrow(/not UTF-8/);
    expect(world.subscription.waiting).toBe(0);
  });

  it("stamps over attributes that the client sent itself", () => {
    const { world, first } = schemaWorld("JSON");
    world.publish({
      data: Buffer.from('{"key":"a"}'),
      attributes: { googclient_schemaname: "forged", mine: "x" },
    });
    expect(codec.decode(world.take()[0]!.message.wire).attributes).toEqual({
      mine: "x",
      googclient_schemaname: schema,
      googclient_schemarevisionid: first.revisionId,
      googclient_schemaencoding: "JSON",
    });
  });

  it("looks no further than its first and last revision", () => {
    const { world, first } = schemaWorld("JSON");
    const only = {
      schema,
      encoding: "JSON" as const,
      firstRevisionId: first.revisionId,
      lastRevisionId: first.revisionId,
    };
    world.store.updateTopic({ name: topicName, schemaSettings: only });
    world.publish('{"key":"a","list":[1]}');
    const { attributes } = codec.decode(world.take()[0]!.message.wire);
    expect(attributes["googclient_schemarevisionid"]).toBe(first.revisionId);
  });
});
