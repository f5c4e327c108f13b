// `sluice seek` with the real program: what it tells, what it refuses, and that messages come again.

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";
import { RedisServer, redisPrograms } from "../support/redis.ts";

const feature = exported("feature");
const environment = String(feature["environment"]);

async function replayTown(retainAckedMessages: boolean, more: Readonly<Record<string, string>> = {}) {
  const world = await town([environment]);
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, retainAckedMessages });
  const decode = "{ type: json-decode }\n  - { type: dedupe, on: export-event, windowMs: 1200000 }";
  const pipeline = await world.write("p.yaml", pipelineYaml({ decode }));
  const publish = () => world.pubsub.publish(TOPIC, [{ data: Buffer.from(JSON.stringify(feature)) }]);
  const env = { ...world.env, ...more };
  /** Until so many events came to Segment in all, those included that it has had before. */
  const run = async (events = 1) => {
    const program = start(["run", pipeline], { cwd: world.folder, env });
    const came = () => world.segment.stats().accepted + world.segment.stats().duplicates;
    await vi.waitFor(() => expect(came()).toBe(events), { timeout: 30_000, interval: 50 });
    program.child.kill("SIGTERM");
    expect(await program.exit).toBe(0);
  };
  const seek = async (...args: string[]) => {
    const program = start(["seek", pipeline, ...args], { cwd: world.folder, env });
    return { code: await program.exit, ...program.output };
  };
  return { ...world, publish, run, seek };
}

describe("sluice seek", () => {
  it("is refused where nothing that was acknowledged is kept, and changes nothing", async () => {
    const world = await replayTown(false);
    const said = await world.seek("--to", "1h", "--yes");
    expect(said.code).toBe(1);
    expect(said.stderr).toContain("retain-acked-messages");
  });

  it("asks before it changes anything, and says how to go on where nobody can be asked", async () => {
    const world = await replayTown(true);
    const said = await world.seek("--to", "1h");
    expect(said.code).toBe(2);
    expect(said.stdout).toContain("comes again");
    expect(said.stderr).toContain("--yes");
    const wrong = await world.seek("--to", "yesterday?");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("--to takes a time");
  });

  it("tells the plan with --dry-run, and with --yes brings back what was delivered", async () => {
    const world = await replayTown(true);
    world.publish();
    await world.run();
    const plan = await world.seek("--to", "1h", "--dry-run");
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain("everything published from");
    expect(plan.stdout).toMatch(/ {2}dedupe +a running process drops .* what comes again of the last 20 min/);
    expect(world.pubsub.subscription(SUBSCRIPTION).waiting).toBe(0);
    const done = await world.seek("--to", "1h", "--yes");
    expect(done.stderr).toBe("");
    expect(done.code).toBe(0);
    expect(world.pubsub.subscription(SUBSCRIPTION).waiting).toBe(1);
  });

  it("says in one line what Pub/Sub answered", async () => {
    const world = await replayTown(true);
    const said = await world.seek("--to", "no-such-snapshot", "--yes");
    expect(said.code).toBe(1);
    expect(said.stderr).toMatch(/^projects\/.*NOT_FOUND.*\n$/);
  });

  it("changes nothing where the store of delivered marks is named and cannot be reached", async () => {
    const world = await replayTown(true, { SLUICE_RATE_STORE: "redis://127.0.0.1:1" });
    const said = await world.seek("--to", "1h", "--yes");
    expect(said.code).toBe(1);
    expect(said.stderr).toContain("store of delivered marks at 127.0.0.1:1");
    expect(said.stdout).not.toContain("Done");
  });
});

for (const program of redisPrograms)
  describe(`a replay where ${program} keeps delivered marks`, () => {
    it("is sent again: the seek tells of the marks and forgets them", async () => {
      const redis = await RedisServer.start(program);
      onTestFinished(() => redis.close());
      const world = await replayTown(true, {
        SLUICE_RATE_STORE: redis.url,
        SLUICE_DELIVERED_MARKS_MINUTES: "60",
      });
      world.publish();
      await world.run();
      const done = await world.seek("--to", "1h", "--yes");
      expect(done.stdout).toMatch(/ {2}delivered marks +1, of \S+: all are forgotten/);
      expect(done.code).toBe(0);
      await world.run(2);
      expect(world.segment.stats()).toMatchObject({ accepted: 1, duplicates: 1 });
    });
  });
