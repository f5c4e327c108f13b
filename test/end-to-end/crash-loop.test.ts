// A message that really kills the process: a few kilobytes that become more objects than the heap holds.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, it } from "vitest";

import { exported } from "../support/fixtures.ts";
import { pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const feature = exported("feature") as { environment: string; event: object };
const GOOD = 20;
const MOST_LIVES = 8;

it("is dead-lettered undecoded after three deaths, and all other events are delivered", async () => {
  const world = await town([feature.environment]);
  await world.write("p.yaml", pipelineYaml({ decode: "{ type: json-decode }" }));
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const poison = gzipSync(`{"a":[${"{},".repeat(3_000_000)}{}]}`);
  const [poisonId] = world.pubsub.publish(TOPIC, [{ data: poison }]);
  const good = Array.from({ length: GOOD }, (_, i) => ({
    ...feature,
    event: { ...feature.event, id: `id-${i}` },
  }));
  world.pubsub.publish(
    TOPIC,
    good.map((event) => ({ data: Buffer.from(JSON.stringify(event)) })),
  );

  let deaths = 0;
  for (let life = 1; ; life++) {
    expect(life, "the loop was not broken").toBeLessThanOrEqual(MOST_LIVES);
    const program = start(["run", "p.yaml"], {
      cwd: world.folder,
      env: world.env,
      node: ["--max-old-space-size=48"],
    });
    const acked = until(() => world.pubsub.subscription(SUBSCRIPTION).acked === GOOD + 1, program.exit);
    if (await acked) {
      program.child.kill("SIGTERM");
      expect(await program.exit, program.output.stderr).toBe(0);
      break;
    }
    deaths += 1;
    expect(program.output.stderr).toContain("heap");
  }
  expect(deaths).toBe(3);
  expect(world.segment.stats().accepted).toBeGreaterThanOrEqual(GOOD);
  const names = (await readdir(world.folder)).filter((name) => name.startsWith("dead-letters"));
  const lines = await Promise.all(names.map((name) => readFile(join(world.folder, name), "utf8")));
  const letters = lines
    .join("")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(letters).toMatchObject([{ id: poisonId, code: "crash-loop" }]);
  expect(letters[0].body).toBe(poison.toString("base64"));
  // A clean end: the next start watches nothing.
  expect(await readdir(join(world.folder, ".sluice", "state", "under-test", "0"))).toEqual(["working-on"]);
});

/** True when it came true; false when the process ended first. */
async function until(claim: () => boolean, exit: Promise<number>): Promise<boolean> {
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  while (!ended) {
    if (claim()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return claim();
}
