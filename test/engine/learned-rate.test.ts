import { describe, expect, it } from "vitest";

import { Lowered } from "./lowered-destination.ts";
import { randomOf } from "./simulation/random.ts";

const none = Number.POSITIVE_INFINITY;
const free = { events: none };
const settings = { concurrency: 8, lingerMs: 0, probeMs: 1_000 };
const SEEDS = 8;

describe("a lane whose destination allows a third for 20 s", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`gets at most 3 answers 429, uses 95 % of what is allowed, and all of it 5 s later (seed ${seed})`, async () => {
      const world = new Lowered({ seed });
      const { destination } = world;
      await world.allow(free, 3_200 + seed * 100);
      const fellMs = world.clock.nowMs();
      await world.allow({ events: 300 }, 20_000);
      const backMs = world.clock.nowMs();
      expect(world.learned).toBeLessThan(300);
      await world.allow(free, 15_000);
      expect(destination.refusals()).toBeLessThanOrEqual(3);
      expect(destination.took(fellMs + 5_000, backMs)).toBeGreaterThanOrEqual(0.95 * 300);
      expect(destination.took(backMs + 5_000, backMs + 15_000)).toBeGreaterThanOrEqual(0.95 * 900);
      expect(destination.watch.worstEvents).toBeLessThanOrEqual(900);
      expect(world.learned).toBe(0);
      const said = world.log.lines
        .map(({ message }) => message)
        .filter((one) => one.startsWith("the destination"));
      expect(said).toEqual([
        "the destination takes less than the configured rate; the lane keeps to what it took",
        "the destination takes the configured rate again",
      ]);
    });
  }
});

describe("what a destination allows is learnt", () => {
  // A bucket pays for each try that meets no limit at once: two refusals and two pauses, of which it saves up one.
  for (const { counting, uses, refuses } of [
    { counting: "second", uses: 0.9, refuses: 9 },
    { counting: "bucket", uses: 0.75, refuses: 24 },
  ] as const)
    for (const allowed of [40, 150, 600, 880]) {
      it(`of ${allowed} events/s, counted by ${counting}: little is refused and most of it is used`, async () => {
        const world = new Lowered({ seed: allowed, counting });
        await world.allow(free, 2_500);
        await world.allow({ events: allowed }, 120_000);
        const { destination } = world;
        const used = destination.took(12_500, 122_500) / allowed;
        expect(used).toBeGreaterThanOrEqual(uses);
        expect(destination.refusals()).toBeLessThanOrEqual(refuses);
      });
    }

  it("of requests, by sending more events with each", async () => {
    const world = new Lowered({ seed: 7 });
    await world.allow(free, 2_500);
    await world.allow({ events: none, requests: 20 }, 60_000);
    expect(world.destination.took(22_500, 62_500)).toBeGreaterThanOrEqual(0.9 * 900);
    expect(world.destination.refusals()).toBeLessThanOrEqual(7);
  });

  it("of a lane without a rate of its own", async () => {
    const world = new Lowered({ seed: 8, configured: { events: none }, slowMs: 20 });
    await world.allow({ events: 500 }, 40_000);
    expect(world.destination.took(10_000, 40_000)).toBeGreaterThanOrEqual(0.75 * 500);
  });

  it("and forgotten at once when somebody edits the rate", async () => {
    const world = new Lowered({ seed: 9 });
    await world.allow({ events: 100 }, 6_000);
    expect(world.learned).toBeGreaterThan(90);
    world.lane.refresh({ ...settings, rates: { events: 600, requests: 100, bytes: none } });
    await world.allow(free, 5_000);
    expect(world.learned).toBe(0);
    expect(world.destination.took(7_500, 11_000)).toBeGreaterThanOrEqual(0.95 * 600);
  });
});

describe("an answer 429", () => {
  it("that comes once costs its pause and little more", async () => {
    const world = new Lowered({ seed: 11 });
    await world.allow(free, 3_500);
    await world.allow({ events: 0 }, 20);
    await world.allow(free, 10_000);
    expect(world.destination.took(7_500, 13_500)).toBeGreaterThanOrEqual(0.97 * 900);
    expect(world.learned).toBe(0);
  });

  it("to everything for a minute does not keep the lane down after it", async () => {
    const world = new Lowered({ seed: 12 });
    await world.allow(free, 3_500);
    await world.allow({ events: 0 }, 60_000);
    const pauses = world.destination.refusals();
    await world.allow(free, 20_000);
    expect(pauses).toBeLessThanOrEqual(65);
    expect(world.destination.took(70_000, 80_000)).toBeGreaterThanOrEqual(0.97 * 900);
  });
});

describe("a destination that changes what it allows again and again", () => {
  for (const counting of ["second", "bucket"] as const)
    it(`counted by ${counting}: never above the configured rate, few refusals, most is used (${SEEDS} seeds)`, async () => {
      let sum = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const random = randomOf(seed);
        const world = new Lowered({ seed, counting, slowMs: random.between(1, 40) });
        const { destination, clock } = world;
        let allowed = 0;
        const steps = 6;
        for (let step = 0; step < steps; step++) {
          const [ms, a] = [random.between(5_000, 25_000), random.between(20, 1_200)];
          await world.allow({ events: a }, ms);
          allowed += Math.min(900, a) * (ms / 1000);
        }
        const used = (destination.took(0, clock.nowMs()) * clock.nowMs()) / 1000 / allowed;
        expect(destination.watch.worstEvents, `seed ${seed}`).toBeLessThanOrEqual(900);
        expect(destination.refusals(), `seed ${seed}`).toBeLessThanOrEqual(5 * steps);
        expect(used, `seed ${seed}`).toBeGreaterThanOrEqual(0.3);
        sum += used;
      }
      expect(sum / SEEDS).toBeGreaterThanOrEqual(counting === "second" ? 0.6 : 0.75);
    });
});
