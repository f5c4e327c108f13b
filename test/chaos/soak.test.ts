// Steady load for minutes with small troubles all the time: streams that end, storms of 429, resets, late answers.
// Nothing may grow: not the heap, not what is open; and the event loop stays free.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { Bystander } from "./support/bystander.ts";
import { growthOf, latenessOf, median, readSamples, slopePerMinute } from "./support/heap.ts";
import { preload } from "./support/preload.ts";
import { freshSeed, isLong, record } from "./support/results.ts";
import { World } from "./support/world.ts";

const MINUTES = Number(process.env["SLUICE_CHAOS_SOAK_MINUTES"] ?? (isLong ? 8 : 2));
const PER_SECOND = isLong ? 1_000 : 500;
const GAUGE_MS = isLong ? 10_000 : 3_000;
const MIB = 1024 * 1024;
const bounds = {
  heapMib: 150,
  rssMib: 350,
  slopeMibPerMinute: 0.5,
  growthMib: 8,
  openGrowth: 10,
  /** Of the event loop, in ms, beyond what a process beside it is late that does next to nothing. */
  delayP99Ms: 50,
} as const;

describe("a soak", () => {
  const timeout = MINUTES * 60_000 + 180_000;

  it(`of ${MINUTES} minutes at ${PER_SECOND} events/s: nothing grows`, { timeout }, async () => {
    const seed = freshSeed();
    const startedAt = performance.now();
    const world = await World.open({
      seed,
      eventsPerSecond: 2_000,
      node: ["--max-old-space-size=256", "--expose-gc", ...preload("gauge")],
      env: { CHAOS_GAUGE: "gauge.ndjson", CHAOS_GAUGE_MS: String(GAUGE_MS) },
    });
    const bystander = Bystander.start(world.folder, {
      CHAOS_GAUGE: "bystander.ndjson",
      CHAOS_GAUGE_MS: String(GAUGE_MS),
    });
    try {
      await world.program.start();
      await world.pubsub.fault({
        streams: { maxAgeMs: MINUTES < 5 ? 5_000 : 20_000, ageStatus: "UNAVAILABLE" },
      });
      const stopLoad = world.publisher.load(PER_SECOND);
      const storms = await trouble(world, MINUTES * 60_000);
      await world.pubsub.heal();
      const recoveredMs = await world.probe();
      await stopLoad();
      await world.settled(60_000);
      await world.program.stop();

      const all = await readSamples(join(world.folder, "gauge.ndjson"));
      const samples = all.slice(Math.floor(all.length / 3));
      const beside = await readSamples(join(world.folder, "bystander.ndjson"));
      const heapSlope = slopePerMinute(samples, ({ heapUsed }) => heapUsed / MIB);
      const heaps = samples.map(({ heapUsed }) => heapUsed / MIB);
      const growth = growthOf(heaps);
      const openSlope = slopePerMinute(samples, ({ open }) => open);
      const rssMib = Math.max(...all.map(({ rss }) => rss)) / MIB;
      const { p99Ms, besideMs, ownMs } = latenessOf(samples, beside);
      const events = (samples.at(-1)!.atMs - samples[0]!.atMs) * (PER_SECOND / 1000);
      const cpuUs = ((samples.at(-1)!.cpuMs - samples[0]!.cpuMs) * 1000) / events;

      const verdict = await world.judge();
      record({
        row: "soak",
        fault: `${MINUTES} minutes at ${PER_SECOND} events/s with small troubles`,
        injected: `${storms} storms of 429, ${world.toSegment.resets} resets, streams end by age`,
        seed,
        verdict,
        recoveredMs,
        tookMs: performance.now() - startedAt,
        note: [
          `heap ${median(heaps).toFixed(0)} MiB, slope ${heapSlope.toFixed(2)} MiB/min`,
          `RSS at most ${rssMib.toFixed(0)} MiB`,
          `event loop p99 ${p99Ms.toFixed(0)} ms (${besideMs.toFixed(0)} ms in a process beside it that does nothing)`,
          `CPU ${cpuUs.toFixed(0)} µs an event`,
        ].join(", "),
      });
      expect(verdict.violations, `seed ${seed}`).toEqual([]);
      expect(verdict.acked, "everything issued is settled").toBe(verdict.issued);
      expect(samples.length, "samples").toBeGreaterThanOrEqual(10);
      expect(Math.max(...heaps)).toBeLessThanOrEqual(bounds.heapMib);
      expect(rssMib).toBeLessThanOrEqual(bounds.rssMib);
      expect(ownMs, `the event loop's p99 is ${p99Ms} ms`).toBeLessThanOrEqual(bounds.delayP99Ms);
      if (heapSlope > bounds.slopeMibPerMinute)
        expect(growth, `the heap grows by ${heapSlope.toFixed(2)} MiB a minute`).toBeLessThanOrEqual(
          bounds.growthMib,
        );
      if (openSlope > 1)
        expect(growthOf(samples.map(({ open }) => open))).toBeLessThanOrEqual(bounds.openGrowth);
    } finally {
      await bystander.close();
      await world.close();
    }
  });
});

/** Every half minute something else. Yields how many storms of 429 there were. */
async function trouble(world: World, ms: number): Promise<number> {
  const untilMs = performance.now() + ms;
  let storms = 0;
  for (let turn = 0; performance.now() < untilMs; turn++) {
    await sleep(Math.max(0, Math.min(10_000, untilMs - performance.now())));
    if (turn % 3 === 0) {
      storms += 1;
      const headers = { "retry-after": "1" };
      await world.segment.inject({ action: { kind: "status", status: 429, headers }, forMs: 2_000 });
    } else if (turn % 3 === 1) {
      world.toSegment.resetAll();
      world.toPubSub.resetAll();
    } else {
      await world.segment.inject({ action: { kind: "status", status: 503 }, percent: 30, forMs: 3_000 });
    }
  }
  return storms;
}
