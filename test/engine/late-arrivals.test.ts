import { describe, expect, it } from "vitest";

import { Lateness } from "../../src/engine/late-arrivals.ts";
import { Limiter, type RateLimiter } from "../../src/engine/limiter.ts";
import { VirtualClock } from "../../src/engine/virtual-clock.ts";
import { SharedLimiter } from "../../src/rates/shared-limiter.ts";
import { Town } from "../rates/town.ts";
import { type Random, randomOf } from "./simulation/random.ts";

const none = Number.POSITIVE_INFINITY;
const rates = { events: 400, requests: none, bytes: none };

interface Arrival {
  readonly atMs: number;
  readonly events: number;
}

/** Sends all it may to a receiver that is reached late at times, in order: it or the machine stands still. */
class Sender {
  private cancel = () => {};
  private dead = false;

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly way: Way,
  ) {}

  /** What is under way arrives, and nobody is told. */
  kill(): void {
    this.dead = true;
    this.cancel();
  }

  pump(limiter: RateLimiter): void {
    this.cancel();
    for (; !this.dead; ) {
      const { events } = limiter.room(100, () => ({ events: 20, bytes: 2_000 }));
      const n = Math.min(events, 20);
      if (n < 1) break;
      limiter.spend(n, n * 100);
      const sent = { atMs: this.clock.nowMs(), events: n, bytes: n * 100 };
      const there = this.way.there(sent.atMs);
      this.clock.after(there, () => {
        this.way.arrivals.push({ atMs: this.clock.nowMs(), events: n });
        this.clock.after(0.5 + this.random.next(), () => {
          if (this.dead) return;
          limiter.answered(sent);
          this.pump(limiter);
        });
      });
    }
    const wait = this.dead ? none : limiter.waitMs(100);
    if (wait < none) this.cancel = this.clock.after(Math.max(0.01, wait), () => this.pump(limiter));
  }
}

class Way {
  readonly arrivals: Arrival[] = [];
  private stillUntilMs = 0;

  constructor(
    private readonly random: Random,
    private readonly longestMs = 200,
  ) {}

  there(nowMs: number): number {
    if (this.random.chance(0.02)) this.stillUntilMs = nowMs + this.random.between(5, this.longestMs);
    return Math.max(0, this.stillUntilMs - nowMs) + 0.5 + this.random.next();
  }

  fullest(): number {
    const sorted = this.arrivals.toSorted((a, b) => a.atMs - b.atMs);
    let [most, sum, first] = [0, 0, 0];
    for (const { atMs, events } of sorted) {
      sum += events;
      while (sorted[first]!.atMs <= atMs - 1000) sum -= sorted[first++]!.events;
      most = Math.max(most, sum);
    }
    return most;
  }

  get total(): number {
    return this.arrivals.reduce((sum, { events }) => sum + events, 0);
  }
}

describe("where requests arrive late, by up to 200 ms", () => {
  for (const seed of [1, 2, 3, 4, 5, 6])
    it(`a limiter keeps its rate at the receiver in every sliding second (seed ${seed})`, async () => {
      const clock = new VirtualClock();
      const random = randomOf(seed);
      const way = new Way(random);
      new Sender(clock, random, way).pump(new Limiter(clock, rates, 100));
      await clock.advance(30_000);
      expect(way.fullest()).toBeLessThanOrEqual(400);
      expect(way.total).toBeGreaterThanOrEqual(0.85 * 400 * 30);
    });

  it("a limiter says how long what arrived late keeps its room, also when nothing else does", async () => {
    const clock = new VirtualClock();
    const limiter = new Limiter(clock, { events: 10, requests: none, bytes: none }, 100);
    await clock.advance(5_000);
    limiter.spend(10, 100);
    await clock.advance(110);
    limiter.answered({ atMs: 5_000, events: 10, bytes: 100 });
    await clock.advance(900);
    expect(limiter.room().events).toBe(0);
    expect(limiter.waitMs(100)).toBeCloseTo(1_004 + 108 - 1_010);
  });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    it(`three processes with one rate keep it at the receiver too (seed ${seed})`, async () => {
      const town = new Town(seed, rates, 3);
      const way = new Way(town.random);
      for (let i = 0; i < 3; i++) process(town, way);
      await town.clock.advance(32_000);
      expect(way.fullest()).toBeLessThanOrEqual(400);
      expect(way.total).toBeGreaterThanOrEqual(0.8 * 400 * 30);
    });

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    it(`and also where it or the machine stands still for almost a second, and processes are killed (seed ${seed})`, async () => {
      const town = new Town(seed, rates, 3);
      const way = new Way(town.random, 900);
      const kills = [0, 1, 2].map(() => process(town, way));
      for (let i = 0; i < 30; i++) {
        await town.clock.advance(town.random.between(200, 1_500));
        kills.splice(0, 1)[0]!();
        kills.push(process(town, way));
      }
      expect(way.fullest()).toBeLessThanOrEqual(400);
      expect(way.total).toBeGreaterThanOrEqual(0.4 * 400 * 25);
    });
});

/** Starts one that has endless work; yields how to kill it. */
function process(town: Town, way: Way): () => void {
  const sender = new Sender(town.clock, town.random, way);
  const store = town.store();
  const shared = { store, key: "d1", priority: "live" as const, replicas: 3 };
  const told = { changed: () => sender.pump(limiter), cut: () => {} };
  const limiter: SharedLimiter = new SharedLimiter(town.clock, rates, 100, shared, told);
  sender.pump(limiter);
  return () => {
    sender.kill();
    limiter.close();
    void store.close();
  };
}

describe("how late a request may have arrived", () => {
  it("is what its answer took beyond the quickest, less what the limiter's margin covers, at most a second; all of it for the first two seconds", () => {
    const lateness = new Lateness();
    expect(lateness.of(80, 0)).toBe(78);
    expect(lateness.of(81, 2_010)).toBe(0);
    expect(lateness.of(100, 2_020)).toBe(18);
    expect(lateness.of(5_000, 2_030)).toBe(1_000);
  });

  it("follows a way that became longer within 20 s", () => {
    const lateness = new Lateness();
    lateness.of(1, 0);
    for (let now = 100; now < 20_000; now += 100) lateness.of(60, now);
    expect(lateness.of(60, 20_100)).toBe(0);
  });
});
