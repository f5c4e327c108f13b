// Three copies of the real program on one subscription, with one limit of 400 events/s kept in Redis: what arrives in
// each second, while one copy is killed, the store is killed, and both come back.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { allGood } from "../chaos/support/oracle.ts";
import { freshSeed } from "../chaos/support/results.ts";
import { World } from "../chaos/support/world.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";
import { madeBy, tell } from "./results.ts";

const LIMIT = 400;
const REPLICAS = 3;
/** What everybody together may lose of a second at most while the store is up. */
const USED_AT_LEAST = 0.9;
/**
 * At the receiver. What was under way of the replica that is killed may arrive late, and nobody is left to say so: a request
 * of some eight events.
 */
const SEEN_AT_MOST = 1.02;
/** The store is back: everybody gathers, and one second passes. */
const BACK_MS = 3_500;

interface Phase {
  readonly name: string;
  readonly perSecond: number;
  readonly storeUp: boolean;
}

it("has a server to keep the limit in, or says that it is not run", () => {
  expect(redisPrograms.length > 0 || process.env["SLUICE_REQUIRE_REDIS"] === undefined).toBe(true);
});

for (const program of redisPrograms)
  describe(`three replicas and ${program}`, () => {
    it("keep to one limit, use it, and lose nothing when one of them and the store are killed", async () => {
      const seed = freshSeed();
      const redis = await RedisServer.start(program);
      const env = { SLUICE_RATE_STORE: redis.url, SLUICE_REPLICAS: String(REPLICAS) };
      const world = await World.open({ seed, mix: allGood, eventsPerSecond: LIMIT, env });
      const phases: Phase[] = [];
      const phase = async (name: string, ms: number, storeUp: boolean) => {
        const [before, startedAt] = [(await world.segment.stats()).accepted, performance.now()];
        await sleep(ms);
        const accepted = (await world.segment.stats()).accepted - before;
        phases.push({ name, perSecond: (accepted * 1000) / (performance.now() - startedAt), storeUp });
      };
      try {
        await world.publisher.publish(LIMIT * 55);
        const [second, third] = [world.another(), world.another()];
        await Promise.all([world.program.start(), second.start(), third.start()]);
        await sleep(BACK_MS);
        await phase("all three", 10_000, true);
        await second.kill();
        await phase("one was killed and started again", 6_000, true);
        await redis.kill();
        await sleep(2_000);
        await phase("the store is away", 6_000, false);
        await redis.start();
        await sleep(BACK_MS);
        await phase("the store is back", 8_000, true);
        await world.settled(60_000);
        for (const one of [second, third]) await one.stop();
        await world.program.stop();
        const verdict = await world.judge({ duplicates: 10_000 });
        const { maxEventsPerSecond } = await world.segment.stats();
        await report(program, seed, phases, { ...verdict, maxEventsPerSecond });
        expect(verdict.lost, `seed ${seed}`).toBe(0);
        expect(maxEventsPerSecond).toBeLessThanOrEqual(LIMIT * SEEN_AT_MOST);
        for (const { name, perSecond } of phases)
          expect(perSecond, name).toBeGreaterThanOrEqual(USED_AT_LEAST * LIMIT);
      } finally {
        await world.close();
        await redis.close();
      }
    }, 240_000);
  });

interface Outcome {
  readonly issued: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly maxEventsPerSecond: number;
}

async function report(
  program: string,
  seed: number,
  phases: readonly Phase[],
  outcome: Outcome,
): Promise<void> {
  const { issued, lost, duplicates, maxEventsPerSecond } = outcome;
  const rows = phases.map(
    ({ name, perSecond, storeUp }) =>
      `| ${name} | ${storeUp ? "up" : "away"} | ${perSecond.toFixed(1)} | ${((perSecond / LIMIT) * 100).toFixed(1)} % |`,
  );
  await tell(
    "Three replicas, one limit",
    `${madeBy(`${program}, seed ${seed}`)} The limit is ${LIMIT} events/s for all together, ${REPLICAS} replicas on one subscription.

| phase | store | events/s | of the limit |
|---|---|--:|--:|
${rows.join("\n")}

Most in any sliding second, at the receiver: **${maxEventsPerSecond}**. Issued ${issued}, lost **${lost}**, sent again ${duplicates} (they collapse by messageId).`,
  );
}
