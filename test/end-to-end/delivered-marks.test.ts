// A process is killed while much that it delivered is not acknowledged. What comes again is sent again without marks of
// what was delivered; with them, the one batch that was under way is.

import { describe, expect, it, type TestContext } from "vitest";

import { allGood } from "../chaos/support/oracle.ts";
import { freshSeed } from "../chaos/support/results.ts";
import { World } from "../chaos/support/world.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";

const BATCH_EVENTS = 20;
const LOAD = 150;
const UNACKED = 200;
const SOON_MS = 60_000;

/** Yields how many events came to Segment twice. */
async function killedWithUnacked(
  env: Readonly<Record<string, string>>,
  onTestFinished: TestContext["onTestFinished"],
): Promise<number> {
  const seed = freshSeed();
  const world = await World.open({
    seed,
    mix: allGood,
    env,
    // One write at a time: one batch is under way.
    pipeline: { concurrency: 1, maxBatchEvents: BATCH_EVENTS },
  });
  onTestFinished(() => world.close());
  await world.program.start();
  await world.pubsub.fault({ rpcs: [{ rpc: "Acknowledge", noReply: true }] });
  const endLoad = world.publisher.load(LOAD);
  await world.until(
    "much is delivered",
    async () => (await world.segment.stats()).accepted >= UNACKED,
    SOON_MS,
  );
  await world.program.kill();
  await world.pubsub.heal();
  await endLoad();
  await world.settled(SOON_MS);
  await world.program.stop();
  const { lost, duplicates, violations } = await world.judge({ duplicates: Number.POSITIVE_INFINITY });
  expect({ lost, violations }, `seed ${seed}`).toEqual({ lost: 0, violations: [] });
  return duplicates;
}

it("has a server to keep marks in, or says that it is not run", () => {
  expect(redisPrograms.length > 0 || process.env["SLUICE_REQUIRE_REDIS"] === undefined).toBe(true);
});

describe.concurrent("a process that is killed before its acknowledgements arrive", () => {
  for (const program of redisPrograms)
    it(`repeats one batch at most, with delivered marks in ${program}`, async ({
      expect,
      onTestFinished,
    }) => {
      const redis = await RedisServer.start(program);
      onTestFinished(() => redis.close());
      const env = { SLUICE_RATE_STORE: redis.url, SLUICE_DELIVERED_MARKS_MINUTES: "10" };
      expect(await killedWithUnacked(env, onTestFinished)).toBeLessThanOrEqual(BATCH_EVENTS);
    });

  it("repeats what was not acknowledged, without them", async ({ expect, onTestFinished }) => {
    expect(await killedWithUnacked({}, onTestFinished)).toBeGreaterThanOrEqual(UNACKED);
  });
});
