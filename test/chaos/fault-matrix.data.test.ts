// The fault matrix, rows 8, 10, 11, 29 and 30: what comes in, and how much of it.

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect } from "vitest";

import { allGood, usualMix } from "./support/oracle.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { preload } from "./support/preload.ts";
import { isLong } from "./support/results.ts";
import { row } from "./support/row.ts";
import type { World } from "./support/world.ts";

const MAX_RSS_MB = 350;
const BACKLOGS = [
  ["8", 20_000],
  ["backlog", 200_000],
] as const;

/** The most that the program's process ever had in memory. */
async function peakRssMb(world: World): Promise<number> {
  const status = await readFile(`/proc/${world.program.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

describe("what comes in", () => {
  // The long form has the backlog of all 200,000 too, which takes longer than a row of the matrix may.
  for (const [name, backlog] of isLong ? BACKLOGS : BACKLOGS.slice(0, 1))
    row(
      name,
      `a backlog of ${backlog} from a server that ignores flow control`,
      { load: 0, mix: allGood, eventsPerSecond: 20_000, node: ["--max-old-space-size=256"] },
      async (world) => {
        // Held back until everything waits.
        await world.segment.inject({ action: { kind: "status", status: 503 } });
        await world.pubsub.fault({ streams: { ignoreFlowControl: true } });
        await world.publisher.publish(backlog);
        await sleep(1_000);
        await world.segment.heal();
        await world.settled(120_000);
        const rssMb = Math.round(await peakRssMb(world));
        expect(rssMb, "peak of resident memory, MB").toBeLessThanOrEqual(MAX_RSS_MB);
        await world.pubsub.heal();
        return { injected: `${backlog} messages`, note: `peak RSS ${rssMb} MB` };
      },
    );

  row(
    "10",
    "poison: one of a hundred cannot be decoded, three of a hundred are bombs",
    {
      load: 150,
      mix: { dropped: 50, undecodable: 10, unknownKind: 10, bombs: 30 },
      node: ["--max-old-space-size=256"],
    },
    async (world) => {
      await sleep(6_000);
      expect(world.program.starts, "it was never started again").toBe(1);
      const { lines } = await world.deadLetters();
      const codes = [...new Set(lines.map(({ code }) => code))].sort().join(", ");
      return { injected: `${lines.length} bad messages`, note: `dead letters: ${codes}` };
    },
  );

  const word = "deadly-for-this-process";
  row(
    "10",
    "two messages kill the process whenever it looks at them",
    { load: 50, node: preload("deadly"), env: { CHAOS_DEADLY: word } },
    async (world) => {
      await world.pubsub.fault({ streams: { releaseOnEnd: true } });
      await world.publisher.publish(2, (serial) => world.oracle.deadly(serial, word));
      const codes = async () => (await world.deadLetters()).lines.map(({ code }) => code);
      await world.until(
        "both to be dead letters",
        async () => (await codes()).filter((code) => code === "crash-loop").length === 2,
        90_000,
      );
      return {
        injected: `${world.program.exits.length} deaths`,
        allowed: { ownExits: [70], duplicates: world.program.exits.length * defaults.maxMessages },
        note: "dead-lettered undecoded, everything else delivered",
      };
    },
  );

  row(
    "11",
    "everything is undecodable: the pipeline stops, and the topic is not emptied into a file",
    { load: 0, mix: allGood, pipeline: { window: { size: 200, max: 100 } } },
    async (world) => {
      await world.pubsub.fault({ streams: { releaseOnEnd: true } });
      const before = world.publisher.issued.size;
      await world.publisher.publish(3_000, (serial) => world.oracle.bad(serial));
      await world.until("the program to give up", () => world.program.exits.length > 0);
      await world.until("a second try", () => world.program.exits.length > 1, 30_000);
      const stops = world.program.exits.length;
      const { lines } = await world.deadLetters();
      expect(world.program.exits[0]).toMatchObject({ code: 1 });
      expect(world.program.exits[0]?.stderr).toContain("dead-letter-window");
      // Each start may write a window's worth, and no more.
      expect(new Set(lines.map(({ id }) => id)).size).toBeLessThanOrEqual(stops * 200);
      // Somebody mends it; here the data itself turn out to be right after all, once the window is wide enough.
      await world.rewritePipeline({ window: { size: 1_000_000, max: 999_999 } });
      return {
        injected: `${world.publisher.issued.size - before} messages`,
        allowed: { ownExits: [1] },
        note: `${lines.length} dead letters in ${stops} starts`,
      };
    },
  );

  row(
    "29",
    "events around Segment's limit of 32 KB, and a message of 9 MB",
    { load: 20, mix: usualMix, eventsPerSecond: 900 },
    async (world) => {
      const sizes = [32_700, 32_767, 32_768, 32_769, 33_000, 200_000, 9_000_000];
      for (const bytes of sizes)
        await world.publisher.publish(1, (serial) => world.oracle.sized(serial, bytes));
      await world.caughtUp(60_000);
      const { lines } = await world.deadLetters();
      const tooLarge = lines.filter(({ code }) => code === "segment-event-too-large");
      expect(tooLarge).toHaveLength(sizes.filter((bytes) => bytes > 32_768).length);
      return { injected: `${sizes.length} sizes`, note: `${tooLarge.length} too large, dead-lettered` };
    },
  );

  const burst = isLong ? 20_000 : 8_000;
  row(
    "30",
    `nothing for 8 s, then a burst of ${burst}`,
    { load: 0, eventsPerSecond: 10_000, pipeline: { idleRecycleMs: 3_000 } },
    async (world) => {
      await sleep(8_000);
      const recoveredMs = await world.probe();
      await world.publisher.publish(burst);
      await world.settled(60_000);
      return { injected: `${burst} messages`, recoveredMs };
    },
  );
});
