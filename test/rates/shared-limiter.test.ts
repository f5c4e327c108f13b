import { describe, expect, it } from "vitest";

import { KeysInUse } from "../../src/rates/keys-in-use.ts";
import { RateWatch } from "../engine/simulation/oracle.ts";
import { EVENT_BYTES, Town, Worker } from "./town.ts";

const none = Number.POSITIVE_INFINITY;
const unlimited = { events: none, requests: none, bytes: none };
const perSecond = (events: number) => ({ events, requests: none, bytes: none });

/** A rate that nobody has asked for yet gathers whoever may use it, then lets a second pass. */
const FIRST_MS = 2_010;
const MEASURED_SECONDS = 15;

function started(town: Town, ...options: ConstructorParameters<typeof Worker>[1][]): Worker[] {
  const workers = options.map((one) => new Worker(town, one));
  for (const worker of workers) worker.pump();
  return workers;
}

const total = (workers: readonly Worker[]) => workers.reduce((sum, { sent }) => sum + sent, 0);

describe("a rate that several processes share", () => {
  for (const rate of [37, 400, 5_000]) {
    it(`is used to 98 % and never exceeded by three processes at ${rate} events/s`, async () => {
      const town = new Town(rate, perSecond(rate), 3);
      const workers = started(town, {}, {}, {});
      await town.clock.advance(FIRST_MS);
      const before = total(workers);
      await town.clock.advance(30_000);
      expect(town.watch.worstEvents).toBeLessThanOrEqual(rate);
      expect(total(workers) - before).toBeGreaterThanOrEqual(0.98 * rate * 30);
      for (const { sent } of workers) expect(sent).toBeGreaterThan(0.2 * rate * 30);
    });
  }

  it("holds its limits on requests and bytes too", async () => {
    const rates = { events: none, requests: 20, bytes: 50_000 };
    const town = new Town(7, rates, 3);
    const workers = started(town, {}, {}, {});
    await town.clock.advance(20_000);
    expect(town.watch.worstRequests).toBeLessThanOrEqual(20);
    expect(town.watch.worstBytes).toBeLessThanOrEqual(50_000);
    expect(total(workers)).toBeGreaterThan(0.9 * 18 * 500);
  });

  it("is used by those that are left at once when one dies", async () => {
    const town = new Town(11, perSecond(400), 3);
    const workers = started(town, {}, {}, {});
    await town.clock.advance(5_000);
    workers[0]?.kill();
    const before = total(workers);
    await town.clock.advance(5_000);
    expect(total(workers) - before).toBeGreaterThanOrEqual(0.97 * 400 * 5);
    expect(town.watch.worstEvents).toBeLessThanOrEqual(400);
  });

  it("falls to each process's share while the store is away, and comes back, never above the rate", async () => {
    for (const forgets of [false, true]) {
      const town = new Town(13, perSecond(400), 3);
      const workers = started(town, {}, {}, {});
      await town.clock.advance(6_000);
      town.lose({ forgets });
      await town.clock.advance(2_000);
      const alone = total(workers);
      await town.clock.advance(10_000);
      expect(total(workers) - alone).toBeGreaterThanOrEqual(0.97 * 399 * 10);
      town.find();
      await town.clock.advance(3_000);
      const back = total(workers);
      await town.clock.advance(10_000);
      expect(total(workers) - back).toBeGreaterThanOrEqual(0.98 * 400 * 10);
      expect(town.watch.worstEvents).toBeLessThanOrEqual(400);
      for (const { cuts } of workers) expect(cuts).toEqual(["the store is away", undefined]);
    }
  });

  it("is never above in 60 seeds of outages, deaths, new processes and slow stores", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const town = new Town(seed, { events: 400, requests: 30, bytes: 30_000 }, 4);
      const workers = started(town, {}, {}, {});
      for (let step = 0; step < 12; step++) {
        await town.clock.advance(town.random.between(50, 4_000));
        const what = town.random.between(1, 5);
        if (what === 1) town.lose({ forgets: town.random.chance(0.5) });
        else if (what === 2) town.find();
        else if (what === 3) workers.splice(0, 1)[0]?.kill();
        else if (what === 4) town.slowMs = town.random.chance(0.5) ? 60 : 1;
        while (workers.length < 3) workers.push(...started(town, {}));
      }
      expect(town.watch.worstEvents, `seed ${seed}`).toBeLessThanOrEqual(400);
      expect(town.watch.worstRequests, `seed ${seed}`).toBeLessThanOrEqual(30);
      expect(town.watch.worstBytes, `seed ${seed}`).toBeLessThanOrEqual(30_000);
    }
  });

  it("loses little of the rate to a store that is slow", async () => {
    const town = new Town(17, perSecond(400), 3);
    town.slowMs = 20;
    const workers = started(town, {}, {}, {});
    await town.clock.advance(FIRST_MS + 1_000);
    const before = total(workers);
    await town.clock.advance(20_000);
    expect(total(workers) - before).toBeGreaterThanOrEqual(0.9 * 400 * 20);
    expect(town.watch.worstEvents).toBeLessThanOrEqual(400);
  });

  it("loses nothing of the rate to a destination that always takes long to answer", async () => {
    for (const answerMs of [400, 900, 3_000]) {
      const town = new Town(17, perSecond(400), 3);
      town.answerMs = answerMs;
      const workers = started(town, {}, {}, {});
      await town.clock.advance(FIRST_MS + 10_000);
      const before = total(workers);
      await town.clock.advance(20_000);
      expect(total(workers) - before, `${answerMs} ms`).toBeGreaterThanOrEqual(0.97 * 400 * 20);
      expect(town.watch.worstEvents).toBeLessThanOrEqual(400);
    }
  });

  describe.each([none, 100])("for live traffic and a backfill, at %d requests/s", (requests) => {
    const rates = { events: 900, requests, bytes: none };
    const together = async (seed: number, options: ConstructorParameters<typeof Worker>[1][]) => {
      const town = new Town(seed, rates, 2);
      const workers = started(town, ...options);
      await town.clock.advance(8_000);
      const before = workers.map(({ sent }) => sent);
      for (const worker of workers) worker.waitsMs.length = 0;
      await town.clock.advance(MEASURED_SECONDS * 1_000);
      expect(town.watch.worstEvents).toBeLessThanOrEqual(rates.events);
      expect(town.watch.worstRequests).toBeLessThanOrEqual(requests);
      const sent = workers.map((worker, i) => worker.sent - before[i]!);
      return { sent, p99Ms: workers[0]!.percentileMs(99) };
    };

    it("gives the backfill 95 % of what live traffic leaves, and lets that go first", async () => {
      const alone = await together(19, [{ comes: 450 }]);
      const { sent, p99Ms } = await together(19, [{ comes: 450 }, { priority: "backfill" }]);
      const [live, backfill] = [sent[0]!, sent[1]!];
      expect(live).toBeGreaterThan(0.97 * 450 * MEASURED_SECONDS);
      expect(p99Ms).toBeLessThanOrEqual(alone.p99Ms + 20);
      expect(backfill).toBeGreaterThanOrEqual(0.95 * (900 * MEASURED_SECONDS - live));
    });
  });

  it("lets neither live traffic nor a backfill starve where few requests are allowed", async () => {
    for (const requests of [1, 4, 8]) {
      const town = new Town(29, { events: 900, requests, bytes: none }, 2);
      const [live, backfill] = started(town, { comes: 50 }, { priority: "backfill" });
      await town.clock.advance(30_000);
      expect(live!.sent).toBeGreaterThan(0.9 * 50 * 26);
      expect(backfill!.sent).toBeGreaterThan(0.15 * 80 * requests * 26);
    }
  });

  it("keeps nothing for a backfill that has gone, and shares again after a time without a limit", async () => {
    const rates = { events: none, requests: 20, bytes: none };
    const town = new Town(31, rates, 2);
    const [live, backfill] = started(town, { comes: 3_000 }, { comes: 3_000, priority: "backfill" });
    await town.clock.advance(5_000);
    for (const worker of [live!, backfill!]) worker.limiter.change(unlimited);
    await town.clock.advance(100);
    town.watch = new RateWatch();
    for (const worker of [live!, backfill!]) worker.limiter.change(rates);
    await town.clock.advance(5_000);
    expect(town.watch.worstRequests).toBeLessThanOrEqual(20);
    backfill!.kill();
    await town.clock.advance(2_000);
    const before = live!.sent;
    await town.clock.advance(10_000);
    expect(live!.sent - before).toBeGreaterThanOrEqual(0.9 * 20 * 100 * 10);
  });

  it("takes new rates from the next request on", async () => {
    const town = new Town(23, perSecond(900), 1);
    const [worker] = started(town, {});
    await town.clock.advance(5_000);
    worker!.limiter.change(perSecond(100));
    await town.clock.advance(1_500);
    const before = worker!.sent;
    await town.clock.advance(10_000);
    expect(worker!.sent - before).toBeLessThanOrEqual(1_010);
    expect(worker!.sent - before).toBeGreaterThanOrEqual(960);
  });

  it("asks nobody while there is no rate, and keeps to it from the moment there is one", async () => {
    const town = new Town(29, unlimited, 3);
    const workers = started(town, { comes: 900 }, { comes: 900 }, { comes: 900 });
    await town.clock.advance(5_000);
    expect(town.asked).toBe(0);
    expect(total(workers)).toBeGreaterThan(0.9 * 3 * 900 * 5);
    // Switched on: what was sent until now is nobody's business any more, what is sent from now on is.
    town.watch = new RateWatch();
    for (const worker of workers) worker.limiter.change(perSecond(400));
    const before = total(workers);
    await town.clock.advance(12_000);
    expect(town.watch.worstEvents).toBeLessThanOrEqual(400);
    expect(total(workers) - before).toBeGreaterThanOrEqual(0.97 * 400 * 9);
    for (const worker of workers) worker.limiter.change(unlimited);
    for (const worker of workers) worker.pump();
    expect(workers[0]!.limiter.waitMs(EVENT_BYTES)).toBe(0);
    expect(workers[0]!.limiter.glance()).toBe(none);
  });

  it("lets a second pass when it comes back to a rate that it sent without", async () => {
    const town = new Town(31, perSecond(400), 2);
    const [one, other] = started(town, { comes: 300 }, {});
    await town.clock.advance(5_000);
    one!.limiter.change(unlimited);
    await town.clock.advance(1_000);
    one!.limiter.change(perSecond(400));
    await town.clock.advance(100);
    const before = other!.sent;
    await town.clock.advance(1_500);
    expect(other!.sent - before).toBeLessThanOrEqual(10);
  });
});

describe("what a process says it uses", () => {
  it("holds the rates that it asked for in the last hour, and no others", () => {
    const keys = new KeysInUse();
    for (let i = 0; i < 1_000; i++) keys.use(`d${i}`, i * 10_000);
    keys.use("d999", 9_990_000);
    expect(keys.at(9_990_000)).toHaveLength(360);
    keys.use("d5", 9_995_000);
    expect(keys.at(9_990_000 + 3_600_000)).toEqual(["d5"]);
    expect(keys.at(20_000_000)).toEqual([]);
  });
});
