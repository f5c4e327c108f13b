import { afterEach, describe, expect, it } from "vitest";

import { RunError } from "../../../src/engine/errors.ts";
import type { Fixture } from "./fixture.ts";
import { running, stopped } from "./fixture.ts";
import { aMessage } from "./fake-pull.ts";

let fixture: Fixture | undefined;
afterEach(async () => {
  if (fixture) await stopped(fixture);
  fixture = undefined;
});
const start = async (...args: Parameters<typeof running>): Promise<Fixture> => {
  fixture = await running(...args);
  return fixture;
};

const reopened = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
};
const rebuilt = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
};

describe("a stream that ends", () => {
  for (const [name, code] of Object.entries(reopened)) {
    it(`with ${name} is opened again on the same client, quietly if it had lived`, async () => {
      const { fake, engine, clock, counts, log } = await start();
      fake.call.send(aMessage("a"));
      fake.call.end(code);
      await clock.advance(1_000);
      fake.call.send(aMessage("b"));
      expect(engine.ids()).toEqual(["a", "b"]);
      expect(fake.clients).toHaveLength(1);
      expect(counts.get(`source_stream_restarts_total ${name}`)).toBe(1);
      expect(log.lines.filter(({ level }) => level !== "debug")).toEqual([]);
    });
  }

  for (const [name, code] of Object.entries(rebuilt)) {
    it(`with ${name} is opened again on a new client, visibly`, async () => {
      const { fake, engine, clock, counts, log } = await start();
      fake.call.send(aMessage("a"));
      fake.call.end(code);
      await clock.advance(1_100);
      fake.call.send(aMessage("b"));
      expect(engine.ids()).toEqual(["a", "b"]);
      expect(fake.clients.map(({ closed }) => closed)).toEqual([true, false]);
      expect(counts.get(`source_stream_restarts_total ${name}`)).toBe(1);
      expect(counts.get(`source_client_rebuilds_total ${name}`)).toBe(1);
      expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
        ["warn", "cannot receive from Pub/Sub; trying again"],
        ["info", "receiving from Pub/Sub again"],
      ]);
    });
  }

  it("three times without bringing anything gets a new client", async () => {
    const { fake, clock } = await start({}, (it) => {
      it.streamCode = 14;
    });
    await clock.runUntil(() => fake.calls.length === 4);
    expect(fake.clients).toHaveLength(1);
    await clock.runUntil(() => fake.calls.length === 5);
    expect(fake.clients).toHaveLength(2);
  });

  it("again and again is logged once per status, not once per try", async () => {
    const { fake, clock, log } = await start({ rebuilds: 1_000 }, (it) => {
      it.streamCode = 14;
    });
    await clock.runUntil(() => fake.calls.length === 20);
    fake.streamCode = 7;
    await clock.runUntil(() => fake.calls.length === 30);
    expect(log.lines.map(({ fields }) => fields)).toMatchObject([
      { code: "UNAVAILABLE" },
      { code: "PERMISSION_DENIED" },
    ]);
  });

  it("waits longer from failure to failure, up to a minute, and starts over after a success", async () => {
    const { fake, clock } = await start({ rebuilds: 1_000 }, (it) => {
      it.streamCode = 14;
    });
    const openedAt: number[] = [];
    for (let n = 2; n <= 12; n++) {
      await clock.runUntil(() => fake.calls.length === n);
      openedAt.push(clock.nowMs());
    }
    // Randomness is fixed at the middle: half of 1 s, 2 s, 4 s ... 60 s.
    const gaps = openedAt.map((at, index) => at - (openedAt[index - 1] ?? 0));
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
    fake.streamCode = undefined;
    await clock.runUntil(() => fake.calls.length === 13);
    fake.call.send(aMessage("a"));
    fake.call.end(14);
    await clock.advance(1_000);
    expect(fake.calls).toHaveLength(14);
  });

  it("counts as restored after ten quiet seconds too: an empty subscription answers nothing", async () => {
    const { fake, clock, log } = await start();
    fake.call.end(7);
    await clock.advance(30_000);
    expect(log.lines.at(-1)?.message).toBe("receiving from Pub/Sub again");
  });
});

describe("giving up", () => {
  it.each([
    [5, "pubsub-not-found", /create the subscription/],
    [7, "pubsub-permission-denied", /roles\/pubsub\.subscriber/],
    [16, "pubsub-unauthenticated", /credentials/],
    [3, "pubsub-invalid-argument", /check the subscription's name/],
    [14, "pubsub-unavailable", /connections in a row/],
  ])("after %i on every connection fails the run and says what to do", async (code, expected, advice) => {
    const it = await start({ rebuilds: 3 }, (fake) => {
      fake.streamCode = code;
    });
    await it.clock.runUntil(() => it.outcome !== undefined);
    const error = it.outcome?.error;
    expect(error).toBeInstanceOf(RunError);
    expect(error).toMatchObject({ code: expected, message: expect.stringMatching(advice) });
    expect(error).toMatchObject({ message: expect.stringContaining("projects/my-project/subscriptions/") });
  });

  it("makes as many new clients as `rebuilds` says, then fails", async () => {
    const it = await start({ rebuilds: 10 }, (fake) => {
      fake.streamCode = 5;
    });
    await it.clock.runUntil(() => it.outcome !== undefined);
    expect(it.fake.clients).toHaveLength(11);
    expect(it.counts.get("source_client_rebuilds_total NOT_FOUND")).toBe(10);
  });

  it("counts a client that cannot be made, for want of credentials, as a failed one", async () => {
    const it = await start({ rebuilds: 2 }, (fake) => {
      fake.connectError = new Error("Could not load the default credentials.");
    });
    await it.clock.runUntil(() => it.outcome !== undefined);
    expect(it.outcome?.error).toMatchObject({
      code: "pubsub-unauthenticated",
      message: expect.stringContaining("Could not load the default credentials."),
    });
  });

  it("recovers when a client can be made after all", async () => {
    const { fake, engine, clock } = await start({}, (it) => {
      it.connectError = new Error("no");
    });
    fake.connectError = undefined;
    await clock.advance(2_000);
    fake.call.send(aMessage("a"));
    expect(engine.ids()).toEqual(["a"]);
  });
});

describe("silence", () => {
  it("for idleRecycleMs opens a new connection first, then lets the old one go", async () => {
    const { fake, engine, clock, counts } = await start({ idleRecycleMs: 60_000, keepaliveMs: 10_000 });
    const old = fake.call;
    await clock.advance(61_000);
    expect(fake.clients).toHaveLength(2);
    expect(counts.get("source_client_rebuilds_total idle")).toBe(1);
    expect(old.cancelled).toBe(false);
    old.send(aMessage("from the old one"));
    expect(engine.ids()).toEqual(["from the old one"]);
    await clock.advance(10_000);
    expect(old.cancelled).toBe(true);
    expect(old.client.closed).toBe(true);
    fake.call.send(aMessage("from the new one"));
    expect(engine.ids()).toEqual(["from the old one", "from the new one"]);
  });

  it("that goes on keeps at most two connections", async () => {
    const { fake, clock } = await start({ idleRecycleMs: 1_000, keepaliveMs: 1_000 });
    await clock.advance(60_000);
    expect(fake.clients.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(2);
    expect(fake.clients.length).toBeGreaterThan(10);
  });

  it("of our own making, while paused, does not count", async () => {
    const { fake, clock } = await start({ idleRecycleMs: 60_000, keepaliveMs: 10_000, maxMessages: 1 });
    fake.call.send(aMessage("a"));
    await clock.advance(600_000);
    expect(fake.clients).toHaveLength(1);
  });

  it("keeps the old connection for as long as no new one can be made", async () => {
    const { fake, engine, clock } = await start({ idleRecycleMs: 60_000, keepaliveMs: 10_000 });
    const old = fake.call;
    fake.connectError = new Error("no network");
    await clock.advance(100_000);
    old.send(aMessage("still here"));
    expect(engine.ids()).toEqual(["still here"]);
  });
});

describe("the watchdog", () => {
  it("warns once when something is held and nothing is acknowledged for long", async () => {
    const { fake, engine, clock, log } = await start();
    fake.call.send(aMessage("a"));
    await clock.advance(900_000);
    const warned = () => log.lines.filter(({ message }) => message.includes("none was acknowledged"));
    expect(warned()).toHaveLength(1);
    expect(warned()[0]?.fields).toMatchObject({ messages: 1 });
    engine.settleAll();
    await clock.advance(100);
    fake.call.send(aMessage("b"));
    await clock.advance(900_000);
    expect(warned()).toHaveLength(2);
  });

  it("says when the process stood still, because leases run out meanwhile", async () => {
    const { clock, log } = await start();
    const now = clock.nowMs.bind(clock);
    await clock.advance(1);
    clock.nowMs = () => now() + 20_000;
    await clock.advance(5_000);
    clock.nowMs = now;
    expect(log.lines.map(({ message }) => message)).toContain("the process stood still; leases are at risk");
  });
});
