// Promise 1c with the real program: what Pub/Sub was told is done, and was not delivered, is in the dead-letter files.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { expect, it } from "vitest";

import { letterFilter } from "../../src/commands/dead-letters/filter.ts";
import { segmentsAt } from "../../src/commands/dead-letters/find-segments.ts";
import { readLetters } from "../../src/commands/dead-letters/read-letters.ts";
import { type Program, pipelineYaml, start, SUBSCRIPTION, TOPIC, town } from "../support/program.ts";

const MESSAGES = 24_000;
const KILLS = 4;
const IN_FLIGHT = 4_000;

async function lettersIn(folder: string) {
  const ids = new Map<string, string>();
  const damage: string[] = [];
  const segments = await segmentsAt([folder]);
  let lines = 0;
  const options = { segments, filter: letterFilter({}), redriven: new Set<string>() };
  const damaged = (place: string, why: string) => damage.push(`${place} ${why}`);
  for await (const { letter } of readLetters({ ...options, damaged })) {
    lines += 1;
    ids.set(letter.id, Buffer.from(letter.body, "base64").toString());
  }
  return { ids, lines, damage, segments };
}

it(`holds a letter for every acked record, killed ${KILLS} times at full speed, over many segments`, async () => {
  const world = await town(["env"]);
  const folder = join(world.folder, "letters");
  world.pubsub.createTopic(TOPIC);
  world.pubsub.createSubscription({ name: SUBSCRIPTION, topic: TOPIC, ackDeadlineSeconds: 10 });
  const published = new Map<string, string>();
  for (let from = 0; from < MESSAGES; from += 1_000) {
    const texts = Array.from({ length: 1_000 }, (_, i) => `not JSON ${from + i}`);
    const ids = world.pubsub.publish(
      TOPIC,
      texts.map((text) => ({ data: Buffer.from(text) })),
    );
    for (const [i, id] of ids.entries()) published.set(id, texts[i]!);
  }
  const letters = `deadLetters: { type: file, path: letters/, rotateBytes: 200000, window: { size: 50000, max: 49999 } }
inFlight: { records: ${IN_FLIGHT} }`;
  const yaml = pipelineYaml({ decode: "{ type: json-decode }" }).replace(/deadLetters: .*/, letters);
  await world.write("p.yaml", yaml);
  const acked = () => world.pubsub.ids(SUBSCRIPTION, "acked").ids;
  const run = () => start(["run", "p.yaml"], { cwd: world.folder, env: world.env });
  const until = async (program: Program, count: number) => {
    for (let i = 0; i < 600 && acked().length < count; i++) await pause(20);
    expect(acked().length, program.output.stderr).toBeGreaterThanOrEqual(count);
  };

  for (let kill = 0; kill < KILLS; kill++) {
    const program = run();
    await until(program, Math.min(acked().length + 1_000, MESSAGES));
    program.child.kill("SIGKILL");
    await program.exit;
    const { ids, damage } = await lettersIn(folder);
    expect(acked().filter((id) => ids.get(id) !== published.get(id))).toEqual([]);
    // Each kill may tear the line that was being written, and no other.
    expect(damage.filter((one) => !one.includes("last line"))).toEqual([]);
  }

  const last = run();
  await last.says('"running"');
  await until(last, MESSAGES);
  last.child.kill("SIGTERM");
  expect(await last.exit, last.output.stderr).toBe(0);
  const { ids, lines, segments } = await lettersIn(folder);
  expect(ids).toEqual(published);
  expect(segments.length).toBeGreaterThan(5);
  // Written and not acked when it was killed: again in hand of the next run.
  expect(lines - MESSAGES).toBeLessThanOrEqual(KILLS * IN_FLIGHT);
  for (const name of await readdir(folder))
    expect((await readFile(join(folder, name))).length).toBeLessThan(200_000 + IN_FLIGHT * 600);
});
