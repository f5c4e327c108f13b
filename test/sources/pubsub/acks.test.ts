import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

import { VirtualClock } from "../../../src/engine/virtual-clock.ts";
import { AckBatches } from "../../../src/sources/pubsub/acks.ts";
import type { Fixture } from "./fixture.ts";
import { running, stopped } from "./fixture.ts";
import { aMessage, messages, RpcFailure } from "./fake-pull.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  if (fixture) await stopped(fixture);
  fixture = undefined;
});
const start = async (...args: Parameters<typeof running>): Promise<Fixture> => {
  fixture = await running({ ackDeadlineSeconds: 60, maxMessages: 10_000, ...args[0] }, args[1]);
  return fixture;
};

describe("acknowledgements", () => {
  it("go out in one request after a short wait", async () => {
    const { fake, engine, clock, counts } = await start({ ackBatch: { count: 1_000, ms: 50 } });
    fake.call.send(...messages(10));
    engine.settleAll();
    await clock.advance(49);
    expect(fake.ackRequests).toEqual([]);
    await clock.advance(1);
    expect(fake.ackRequests.map(({ length }) => length)).toEqual([10]);
    expect(counts.get("source_acks_total")).toBe(10);
  });

  it("go out at once when a batch is full", async () => {
    const { fake, engine } = await start({ ackBatch: { count: 4, ms: 1_000 } });
    fake.call.send(...messages(8));
    engine.settleAll();
    expect(fake.ackRequests.map(({ length }) => length)).toEqual([4, 4]);
  });

  it("keep a request under 512 KiB", async () => {
    const { fake, engine, clock } = await start();
    fake.call.send(
      ...Array.from({ length: 900 }, (_, n) => aMessage(`${n}`, { ackId: `${n}`.padEnd(1_500, "x") })),
    );
    engine.settleAll();
    await clock.advance(100);
    expect(fake.acked).toHaveLength(900);
    for (const ids of fake.ackRequests)
      expect(ids.join("").length + 4 * ids.length).toBeLessThan(512 * 1_024);
  });

  for (const [name, code] of Object.entries({
    CANCELLED: 1,
    UNKNOWN: 2,
    DEADLINE_EXCEEDED: 4,
    PERMISSION_DENIED: 7,
    RESOURCE_EXHAUSTED: 8,
    ABORTED: 10,
    INTERNAL: 13,
    UNAVAILABLE: 14,
    UNAUTHENTICATED: 16,
  })) {
    it(`that fail with ${name} for ten seconds are confirmed in the end and counted by code`, async () => {
      const { fake, engine, clock, counts } = await start({}, (it) => {
        it.ackCode = code;
      });
      fake.call.send(...messages(3));
      engine.settleAll();
      await clock.advance(10_000);
      expect(fake.acked).toEqual([]);
      fake.ackCode = undefined;
      await clock.advance(10_000);
      expect(fake.acked).toEqual(["ack-m0", "ack-m1", "ack-m2"]);
      expect(counts.get(`source_ack_failures_total ${name}`)).toBeGreaterThanOrEqual(3);
    });
  }

  it("are given up when the lease is over, and a redelivery is then acked without being sent again", async () => {
    const { fake, engine, clock, gauges } = await start({}, (it) => {
      it.ackCode = 13;
    });
    fake.call.send(aMessage("a", { ackId: "first" }));
    engine.settleAll();
    await clock.advance(60_000);
    const tries = fake.ackRequests.length;
    await clock.advance(60_000);
    expect(fake.ackRequests).toHaveLength(tries);
    fake.ackCode = undefined;
    fake.call.send(aMessage("a", { ackId: "second", attempt: 2 }));
    await clock.advance(100);
    expect(engine.ids()).toEqual([]);
    expect(fake.acked).toEqual(["second"]);
    expect(gauges.get("source_outstanding_messages")).toBe(0);
  });

  it("are given up at once where the same request can never succeed", async () => {
    const { fake, engine, clock } = await start({}, (it) => {
      it.ackCode = 3;
    });
    fake.call.send(aMessage("a"));
    engine.settleAll();
    await clock.advance(60_000);
    expect(fake.ackRequests).toHaveLength(1);
  });

  it("are logged once when they begin to fail and once when they work again", async () => {
    const { fake, engine, clock, log } = await start({}, (it) => {
      it.ackCode = 14;
    });
    fake.call.send(...messages(3));
    engine.settleAll();
    await clock.advance(20_000);
    fake.ackCode = undefined;
    await clock.advance(10_000);
    expect(log.lines.map(({ level, fields }) => [level, fields])).toMatchObject([
      ["warn", { operation: "acknowledge", code: "UNAVAILABLE" }],
      ["info", { operation: "acknowledge" }],
    ]);
  });
});

describe("every id", () => {
  it("ends as confirmed or given up, exactly once, whatever the weather", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waitMs: fc.nat(3_000), leaseMs: fc.nat(20_000) }), { maxLength: 60 }),
        fc.array(fc.constantFrom(undefined, undefined, 3, 13, 14), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (adds, weather, count) => {
          const clock = new VirtualClock();
          let sent = 0;
          let finished = 0;
          let lost = 0;
          const confirmed: string[] = [];
          const batches = new AckBatches({
            clock,
            random: () => 0.5,
            count,
            lingerMs: 50,
            rpcTimeoutMs: 1_000,
            send: async (ids) => {
              const code = weather[sent++ % weather.length];
              if (code !== undefined && sent < 500) throw new RpcFailure(code);
              confirmed.push(...ids);
            },
            confirmed: () => {},
            failed: (_code, _tried, n) => {
              lost += n;
            },
            finished: (n) => {
              finished += n;
            },
          });
          for (const [index, { waitMs, leaseMs }] of adds.entries()) {
            batches.add(`${index}`, clock.nowMs() + leaseMs);
            await clock.advance(waitMs);
          }
          const drained = batches.drained();
          await clock.advance(120_000);
          await drained;
          expect(finished).toBe(adds.length);
          expect(confirmed.length + lost).toBe(adds.length);
          expect(new Set(confirmed).size).toBe(confirmed.length);
          expect([batches.size, clock.pendingTimers]).toEqual([0, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
