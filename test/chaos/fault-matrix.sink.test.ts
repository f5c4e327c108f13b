// The fault matrix, rows 12 to 17: what Segment may answer, and how.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { allGood, usualMix } from "./support/oracle.ts";
import { metricOf, withMetrics } from "./support/metrics-page.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { quiet, requestsDuring } from "./support/quiet.ts";
import { row } from "./support/row.ts";
import type { World } from "./support/world.ts";

const LOAD = 150;

/** Faults in force for so long, then none. */
async function during(world: World, ms: number): Promise<void> {
  await sleep(ms);
  await world.segment.heal();
}

describe("the sink under faults", () => {
  for (const statuses of [
    [500, 502],
    [503, 504, 408],
  ])
    row(
      "12",
      `three requests of ten are answered ${statuses.join(" or ")}`,
      { load: LOAD },
      async (world) => {
        for (const status of statuses)
          await world.segment.inject({ action: { kind: "status", status }, percent: 30 / statuses.length });
        await during(world, 5_000);
        const { faultsPlayed } = await world.segment.stats();
        expect(faultsPlayed, "the fault did what it should").toBeGreaterThan(0);
        return { injected: `${faultsPlayed} answers` };
      },
    );

  const QUIET_MS = 3_000;
  const inSeconds = () => new Date(Date.now() + 5_999).toUTCString();
  const storms: Record<string, { readonly header?: [string, () => string]; readonly pauseMs: number }> = {
    "Retry-After in seconds": { header: ["retry-after", () => "5"], pauseMs: 5_000 },
    "Retry-After as a date": { header: ["retry-after", inSeconds], pauseMs: 5_000 },
    "X-RateLimit-Reset alone": { header: ["x-ratelimit-reset", () => "5"], pauseMs: 5_000 },
    "a Retry-After that is garbage": { header: ["retry-after", () => "soon"], pauseMs: 1_000 },
    "Retry-After 0": { header: ["retry-after", () => "0"], pauseMs: 1_000 },
    "no header": { pauseMs: 1_000 },
  };
  for (const [what, { header, pauseMs }] of Object.entries(storms))
    row("13", `a storm of 429 with ${what}`, { load: LOAD }, async (world) => {
      const headers = header ? { [header[0]]: header[1]() } : {};
      const startedAt = performance.now();
      await world.segment.inject({ action: { kind: "status", status: 429, headers } });
      const answers = async () => (await world.segment.stats()).answers["429"] ?? 0;
      await world.until("a 429", async () => (await answers()) > 0);
      if (pauseMs > QUIET_MS) await quiet(world, QUIET_MS);
      else await sleep(4_000);
      const all = await answers();
      await world.segment.heal();
      // Each pause ends with at most as many requests as may be under way at once.
      const pauses = Math.ceil((performance.now() - startedAt) / pauseMs);
      expect(all).toBeLessThanOrEqual(defaults.concurrency * (pauses + 1));
      return { injected: `${all} answers`, note: pauseMs > QUIET_MS ? "none while paused" : undefined };
    });

  row(
    "13",
    "Retry-After of a day is capped, and obeyed until it is withdrawn",
    { load: 20 },
    async (world) => {
      await world.pubsub.fault({ streams: { releaseOnEnd: true } });
      await world.segment.inject({
        action: { kind: "status", status: 429, headers: { "retry-after": "86400" } },
        count: 1,
      });
      await world.until("a 429", async () => ((await world.segment.stats()).answers["429"] ?? 0) > 0);
      const said = await world.program.says(/"waitMs":(\d+)/);
      const waitMs = Number(said[1]);
      expect(waitMs).toBeGreaterThanOrEqual(300_000);
      expect(waitMs).toBeLessThanOrEqual(330_000);
      await quiet(world, 2_000);
      // Five minutes are too long for a test: a restart begins anew, and nothing is lost by it.
      await world.program.kill();
      return {
        injected: "1 answer",
        allowed: { duplicates: defaults.maxMessages },
        note: `pause of ${waitMs} ms`,
      };
    },
  );

  for (const status of [400, 413, 422])
    row(
      "14",
      `a batch with one bad event of a hundred is answered ${status}`,
      // At such a rate an idle lane has saved enough for all hundred.
      {
        load: 0,
        mix: allGood,
        eventsPerSecond: 5_000,
        args: withMetrics,
        pipeline: { concurrency: 1, timeoutMs: 60_000 },
      },
      async (world) => {
        // The only write slot is taken until all hundred wait for it, so that they go together.
        world.toSegment.down = { hold: true };
        const sent = (await world.segment.stats()).requests;
        await world.publisher.publish(1);
        await world.until("a request", async () => (await world.segment.stats()).requests > sent);
        const bad = world.publisher.serial + 50;
        const { messageId } = world.oracle.event(bad).messages[0]!;
        await world.segment.inject({
          action: { kind: "status", status },
          match: { bodyIncludes: messageId },
        });
        const before = (await world.segment.stats()).requests;
        await world.publisher.publish(100);
        world.publisher.expectDeadLetter(bad);
        const waiting = () => metricOf(world, "sluice_sink_waiting_events");
        await world.until("all of them to wait", async () => (await waiting()) === 100);
        world.toSegment.heal();
        await world.settled();
        const requests = (await world.segment.stats()).requests - before;
        await world.segment.heal();
        const { lines } = await world.deadLetters();
        expect(lines.map(({ code }) => code)).toEqual([`http-${status}`]);
        expect(requests, "one, and two for each halving").toBeLessThanOrEqual(
          1 + 2 * Math.ceil(Math.log2(100)),
        );
        return { injected: "1 bad event", note: `${requests} requests for 100 events` };
      },
    );

  for (const status of [401, 403, 404, 301, 501])
    row(
      "15",
      `${status} for 5 s parks the destination and dead-letters nothing`,
      { load: LOAD },
      async (world) => {
        const { lines: before } = await world.deadLetters();
        const headers = status === 301 ? { location: "https://example.invalid/" } : {};
        await world.segment.inject({ action: { kind: "status", status, headers } });
        await world.program.says(/"msg":"destination refuses everything/);
        const { requests, tookMs } = await requestsDuring(world, 5_000);
        // What was under way still comes in.
        expect(requests, "only probes, one a second").toBeLessThanOrEqual(
          tookMs / 1_000 + 1 + defaults.concurrency,
        );
        await world.segment.heal();
        const { lines: after } = await world.deadLetters();
        expect(after.filter(({ code }) => code.startsWith("http-"))).toEqual([]);
        return {
          injected: `${requests} probes`,
          note: `${before.length} dead letters before, none of the sink after`,
        };
      },
    );

  const slow = {
    "headers that never end": { kind: "slow-headers", everyMs: 100 },
    "a body that drips": { kind: "drip", everyMs: 100 },
    "no answer at all": { kind: "never" },
    "a body cut after 200": { kind: "cut" },
    "200 with a garbage body": { kind: "garbage-body" },
    "bytes that are no HTTP": { kind: "garbage" },
  } as const;
  for (const [what, action] of Object.entries(slow))
    row("16", what, { load: LOAD, pipeline: { timeoutMs: 1_000 } }, async (world) => {
      await world.segment.inject({ action, percent: 50 });
      await during(world, 5_000);
      const { faultsPlayed } = await world.segment.stats();
      expect(faultsPlayed).toBeGreaterThan(0);
      // A status of 200 is an acceptance whatever follows: no repetition of those.
      return { injected: `${faultsPlayed} answers`, allowed: { duplicates: 0 } };
    });

  for (const accept of [false, true])
    row(
      "17",
      `a reset after the whole request, which was ${accept ? "taken" : "not taken"}`,
      { load: LOAD, mix: usualMix },
      async (world) => {
        await world.segment.inject({ action: { kind: "reset-after-body" }, accept, percent: 30 });
        await during(world, 5_000);
        const { faultsPlayed } = await world.segment.stats();
        expect(faultsPlayed, "the fault did what it should").toBeGreaterThan(0);
        return { injected: `${faultsPlayed} resets` };
      },
    );
});
