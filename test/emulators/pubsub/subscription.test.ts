import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FlowWindow } from "../../../src/emulators/pubsub/flow-window.ts";
import { codec, encoded, StoreWorld, subscriptionName, textOf } from "./world.ts";

describe("an acknowledgement", () => {
  it("of what never was an ack id is refused, one that has run out is counted and changes nothing", async () => {
    const world = new StoreWorld();
    world.publish("a");
    const [ackId = ""] = world.ackIds(world.take());
    for (const bogus of ["", "bogus", ":1", "x:", "x:1.5", `${ackId}x`])
      expect(() => world.subscription.acknowledge(bogus), bogus).toThrow(/INVALID_ARGUMENT: Invalid ack id/);
    await world.clock.advance(10_100);
    world.subscription.acknowledge(ackId);
    expect(world.subscription.tally.lateAcks).toBe(1);
    expect(world.takeTexts()).toEqual(["a"]);
  });

  it("with the id of another subscription changes nothing", () => {
    const world = new StoreWorld();
    const other = world.store.createSubscription({
      ...world.subscription.settings,
      name: `${subscriptionName}-2`,
    });
    world.publish("a");
    const [mine = ""] = world.ackIds(world.take());
    world.take(1, other);
    other.acknowledge(mine);
    expect([world.subscription.outstanding, other.outstanding, other.tally.lateAcks]).toEqual([1, 1, 1]);
  });

  it("ends the message, and leaves neither bytes nor timers", () => {
    const world = new StoreWorld();
    world.publish("a", "b");
    for (const ackId of world.ackIds(world.take())) world.subscription.acknowledge(ackId);
    const { waiting, outstanding, bytes, tally } = world.subscription;
    expect([waiting, outstanding, bytes, tally.acked.count]).toEqual([0, 0, 0, 2]);
  });
});

describe("a lease", () => {
  it("keeps the message away for its length, never less, and at most one tick more", async () => {
    const world = new StoreWorld();
    await world.clock.advance(17);
    world.publish("a");
    world.take();
    await world.clock.advance(9_999);
    expect(world.subscription.waiting).toBe(0);
    await world.clock.advance(51);
    expect(world.takeTexts()).toEqual(["a"]);
    expect(world.subscription.tally.expired.count).toBe(1);
  });

  it("is as long as the last deadline says", async () => {
    const world = new StoreWorld();
    world.publish("a");
    const [ackId = ""] = world.ackIds(world.take());
    for (let extended = 0; extended < 10; extended++) {
      await world.clock.advance(8_000);
      world.subscription.modifyDeadline(ackId, 10_000);
    }
    expect([world.subscription.outstanding, world.subscription.tally.extensions]).toEqual([1, 10]);
    world.subscription.modifyDeadline(ackId, 1_000);
    await world.clock.advance(1_100);
    expect(world.takeTexts()).toEqual(["a"]);
  });

  it("gives its flow window back when it ends, however it ends", async () => {
    const world = new StoreWorld();
    const window = new FlowWindow(3, 0);
    world.publish("a", "b", "c");
    const take = { maxMessages: 10, maxBytes: 1e6, leaseMs: 10_000, window };
    const [acked = "", nacked = ""] = world.ackIds(world.subscription.take(take));
    expect(window.roomMessages).toBe(0);
    let changes = 0;
    world.subscription.onChange = () => changes++;
    world.subscription.acknowledge(acked);
    expect([window.roomMessages, changes]).toEqual([1, 1]);
    world.subscription.modifyDeadline(nacked, 0);
    await world.clock.advance(10_100);
    expect([window.messages, window.bytes]).toEqual([0, 0]);
  });
});

describe("redelivery", () => {
  it("goes out ahead of what was never delivered", () => {
    const world = new StoreWorld();
    world.publish("a", "b", "c");
    const [ackId = ""] = world.ackIds(world.take(1));
    world.subscription.modifyDeadline(ackId, 0);
    expect(world.takeTexts()).toEqual(["a", "b", "c"]);
  });

  it("waits for the retry policy: doubling from its least to its most", async () => {
    const world = new StoreWorld({
      retryPolicy: { minimumBackoff: { seconds: 2, nanos: 0 }, maximumBackoff: { seconds: 5, nanos: 0 } },
    });
    world.publish("a");
    for (const waitMs of [2_000, 4_000, 5_000, 5_000]) {
      const [ackId = ""] = world.ackIds(world.take());
      world.subscription.modifyDeadline(ackId, 0);
      await world.clock.advance(waitMs - 1);
      expect([world.subscription.waiting, world.subscription.backingOff]).toEqual([0, 1]);
      await world.clock.advance(51);
      expect(world.subscription.waiting).toBe(1);
    }
  });

  it("hands out copies when a fault asks for them, each to be acknowledged", () => {
    const world = new StoreWorld();
    world.copies = 3;
    world.publish("a", "b");
    const taken = world.take();
    expect(taken.map(textOf).sort()).toEqual(["a", "a", "a", "b", "b", "b"]);
    for (const ackId of world.ackIds(taken)) world.subscription.acknowledge(ackId);
    expect([world.subscription.bytes, world.take().length]).toEqual([0, 0]);
  });
});

describe("dead letters", () => {
  const deadLetterTopic = "projects/test/topics/dead";
  const policy = { deadLetterTopic, maxDeliveryAttempts: 5 };

  function fail(world: StoreWorld): void {
    for (const ackId of world.ackIds(world.take())) world.subscription.modifyDeadline(ackId, 0);
  }

  it("take a message after its last attempt, with where it comes from", () => {
    const world = new StoreWorld({ deadLetterPolicy: policy });
    const dead = world.store.createSubscription({
      name: "projects/test/subscriptions/dead",
      topic: deadLetterTopic,
    });
    world.publish({ data: Buffer.from("poison"), attributes: { mine: "kept" }, orderingKey: "k" });
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(dead.waiting).toBe(0);
      fail(world);
    }
    expect([world.subscription.waiting, world.subscription.bytes]).toEqual([0, 0]);
    const [letter] = world.take(1, dead);
    expect(codec.decode(letter!.message.wire)).toMatchObject({
      data: Buffer.from("poison"),
      orderingKey: "k",
      attributes: {
        mine: "kept",
        CloudPubSubDeadLetterSourceDeliveryCount: "5",
        CloudPubSubDeadLetterSourceSubscription: "events-sub",
        CloudPubSubDeadLetterSourceSubscriptionProject: "test",
        CloudPubSubDeadLetterSourceTopicPublishTime: "2026-01-01T00:00:00.000Z",
      },
    });
  });

  it("leave the message where it is when their topic is gone or full", () => {
    const gone = new StoreWorld({ deadLetterPolicy: policy });
    gone.store.deleteTopic(deadLetterTopic);
    const full = new StoreWorld({ deadLetterPolicy: policy }, { backlogMessages: 1 });
    const dead = full.store.createSubscription({
      name: "projects/test/subscriptions/dead",
      topic: deadLetterTopic,
    });
    full.store.publish(deadLetterTopic, [encoded("already here")]);
    for (const world of [gone, full]) {
      world.publish("poison");
      for (let attempt = 1; attempt <= 7; attempt++) fail(world);
      expect(world.takeTexts()).toEqual(["poison"]);
    }
    expect(dead.waiting).toBe(1);
  });
});

describe("seek", () => {
  it("skips what is older, wherever it is, and keeps what is newer", async () => {
    const world = new StoreWorld();
    world.publish("leased", "waiting");
    const [ackId = ""] = world.ackIds(world.take(1));
    await world.clock.advance(1_000);
    const at = world.clock.wallMs();
    world.publish("new");
    world.subscription.seek(at);
    world.subscription.acknowledge(ackId);
    expect(world.takeTexts()).toEqual(["new"]);
    expect(world.subscription.tally).toMatchObject({ soughtPast: 2, lateAcks: 1 });
  });

  it("brings retained messages back, and only those", async () => {
    const world = new StoreWorld({ retainAckedMessages: true });
    world.publish("old");
    await world.clock.advance(1_000);
    const at = world.clock.wallMs();
    world.publish("a", "b");
    for (const ackId of world.ackIds(world.take())) world.subscription.acknowledge(ackId);
    world.subscription.seek(at);
    expect(world.takeTexts()).toEqual(["a", "b"]);
  });
});

describe("the backlog", () => {
  it("is bounded by count and by bytes: publishing answers RESOURCE_EXHAUSTED, and stores nothing", () => {
    const byCount = new StoreWorld({}, { backlogMessages: 3 });
    byCount.publish("a", "b");
    expect(() => byCount.publish("c", "d")).toThrow(/RESOURCE_EXHAUSTED: Subscription events-sub is full/);
    expect(byCount.takeTexts()).toEqual(["a", "b"]);
    expect(() => byCount.publish("c", "d")).toThrow(/RESOURCE_EXHAUSTED/);
    const byBytes = new StoreWorld({}, { backlogBytes: 1_000 });
    expect(() => byBytes.publish("x".repeat(1_001))).toThrow(/RESOURCE_EXHAUSTED/);
  });
});

it("accounts for every message at every moment, whatever a client does", async () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant("publish" as const), n: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constantFrom("take" as const), n: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constantFrom("ack" as const, "nack" as const, "extend" as const), n: fc.nat(50) }),
    fc.record({ do: fc.constant("wait" as const), n: fc.integer({ min: 1, max: 15_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.boolean(), async (actions, backsOff) => {
      const backoff = { minimumBackoff: { seconds: 1, nanos: 0 }, maximumBackoff: null };
      const world = new StoreWorld(backsOff ? { retryPolicy: backoff } : {});
      const { subscription } = world;
      const handedOut: string[] = [];
      for (const { do: what, n } of actions) {
        const ackId = handedOut[n % Math.max(1, handedOut.length)];
        if (what === "publish") world.publish(...Array.from({ length: n }, (_, index) => `m${index}`));
        else if (what === "take") handedOut.push(...world.ackIds(world.take(n)));
        else if (what === "wait") await world.clock.advance(n);
        else if (ackId === undefined) continue;
        else if (what === "ack") subscription.acknowledge(ackId);
        else subscription.modifyDeadline(ackId, what === "nack" ? 0 : 10_000);
        const { waiting, backingOff, outstanding, tally } = subscription;
        expect(waiting + backingOff + outstanding + tally.acked.count).toBe(tally.published.count);
        expect(new Set(tally.acked.list()).size).toBe(tally.acked.count);
      }
      await world.clock.advance(700_000);
      for (const left of world.ackIds(world.take())) subscription.acknowledge(left);
      expect(subscription.tally.acked.list().sort()).toEqual(subscription.tally.published.list().sort());
      expect([subscription.bytes, world.clock.pendingTimers <= 2]).toEqual([0, true]);
    }),
    { numRuns: 150 },
  );
});
