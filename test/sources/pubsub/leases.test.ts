import { afterEach, describe, expect, it } from "vitest";

import { MAX_EXTENSION_IDS } from "../../../src/sources/pubsub/leases.ts";
import type { Fixture } from "./fixture.ts";
import { running, stopped } from "./fixture.ts";
import { aMessage, messages } from "./fake-pull.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  if (fixture) await stopped(fixture);
  fixture = undefined;
});
const start = async (...args: Parameters<typeof running>): Promise<Fixture> => {
  fixture = await running({ ackDeadlineSeconds: 60, ...args[0] }, args[1]);
  return fixture;
};

/** The longest time any of these ids went without a new deadline, up to now. */
function longestGapMs(extendedAt: readonly number[], fromMs: number, nowMs: number): number {
  let gap = 0;
  let last = fromMs;
  for (const at of [...extendedAt, nowMs]) {
    gap = Math.max(gap, at - last);
    last = at;
  }
  return gap;
}

describe("leases", () => {
  it("are extended for as long as a message is held, never later than three quarters of the deadline", async () => {
    const { fake, clock } = await start();
    await clock.advance(7_000);
    fake.call.send(aMessage("a"));
    const extendedAt: number[] = [];
    let seen = 0;
    for (let step = 0; step < 3_600; step++) {
      await clock.advance(1_000);
      if (fake.extensions().length > seen) extendedAt.push(clock.nowMs());
      seen = fake.extensions().length;
    }
    expect(longestGapMs(extendedAt, 7_000, clock.nowMs())).toBeLessThanOrEqual(46_000);
    expect(fake.extensions().every(({ seconds }) => seconds === 60)).toBe(true);
  });

  it("cost nothing for what is settled within half of the deadline", async () => {
    const { fake, engine, clock } = await start();
    for (let step = 0; step < 20; step++) {
      fake.call.send(aMessage(`m${step}`));
      await clock.advance(20_000);
      engine.settleAll();
    }
    expect(fake.extensions()).toEqual([]);
  });

  it("are extended for buffered messages too", async () => {
    const { fake, engine, clock } = await start();
    engine.full = true;
    fake.call.send(...messages(3));
    await clock.advance(46_000);
    expect(fake.extensions()[0]?.ackIds).toEqual(["ack-m0", "ack-m1", "ack-m2"]);
  });

  it("are extended in requests of bounded count and size", async () => {
    const { fake, clock } = await start({ maxMessages: 10_000 });
    fake.call.send(...messages(6_000));
    fake.call.send(
      ...Array.from({ length: 600 }, (_, n) => aMessage(`x${n}`, { ackId: `${n}`.padEnd(2_000, "x") })),
    );
    await clock.advance(46_000);
    expect(fake.extensions().flatMap(({ ackIds }) => ackIds)).toHaveLength(6_600);
    for (const { ackIds } of fake.extensions()) {
      expect(ackIds.length).toBeLessThanOrEqual(MAX_EXTENSION_IDS);
      expect(ackIds.join("").length).toBeLessThanOrEqual(512 * 1_024);
    }
  });

  it("are tried again soon when an extension fails, so that a short outage loses none", async () => {
    const { fake, clock, counts, log } = await start();
    fake.call.send(aMessage("a"));
    fake.modifyCode = 14;
    await clock.advance(50_000);
    fake.modifyCode = undefined;
    await clock.advance(10_000);
    expect(counts.get("source_leases_expired_total")).toBeUndefined();
    expect(counts.get("source_lease_extensions_total")).toBe(1);
    expect(log.lines.map(({ level, fields }) => [level, fields])).toMatchObject([
      ["warn", { operation: "extend leases", code: "UNAVAILABLE" }],
      ["info", { operation: "extend leases" }],
    ]);
  });

  it("that end while a message is held are counted once each", async () => {
    const { fake, clock, counts } = await start();
    fake.call.send(...messages(2));
    fake.modifyCode = 13;
    await clock.advance(600_000);
    expect(counts.get("source_leases_expired_total")).toBe(2);
  });

  it("that ended are counted even when the message is settled, or comes again, before the next look at them", async () => {
    const { fake, engine, clock, counts } = await start();
    await clock.advance(6_500);
    fake.call.send(...messages(2));
    fake.modifyCode = 14;
    await clock.advance(54_100);
    expect(counts.get("source_leases_expired_total")).toBeUndefined();
    fake.call.send(aMessage("m1", { ackId: "second", attempt: 2 }));
    expect(counts.get("source_leases_expired_total")).toBe(1);
    engine.settleAll();
    expect(counts.get("source_leases_expired_total")).toBe(2);
  });

  it("are not extended beyond maxHoldMs", async () => {
    const { fake, clock, counts } = await start({ maxHoldMs: 300_000 });
    fake.call.send(aMessage("a"));
    await clock.advance(300_000);
    const before = fake.extensions().length;
    await clock.advance(600_000);
    expect(before).toBeGreaterThan(4);
    expect(fake.extensions()).toHaveLength(before);
    expect(counts.get("source_leases_expired_total")).toBe(1);
  });

  it("start anew when a lapsed message comes again while it is still held", async () => {
    const { fake, engine, clock } = await start();
    fake.call.send(aMessage("a", { ackId: "first" }));
    fake.modifyCode = 14;
    await clock.advance(120_000);
    fake.modifyCode = undefined;
    fake.call.send(aMessage("a", { ackId: "second", attempt: 2 }));
    await clock.advance(46_000);
    expect(fake.extensions().at(-1)?.ackIds).toEqual(["second"]);
    engine.settleAll();
    await clock.advance(100);
    expect(fake.acked).toEqual(["second"]);
  });

  it("that ended in the buffer let the message go: it comes again, and is sent once", async () => {
    const { fake, engine, clock } = await start();
    engine.full = true;
    fake.call.send(...messages(3));
    fake.modifyCode = 14;
    await clock.advance(120_000);
    engine.letIn("all");
    await clock.advance(0);
    expect(engine.ids()).toEqual(["m0"]);
    fake.call.send(aMessage("m1"));
    expect(engine.ids()).toEqual(["m0", "m1"]);
  });
});
