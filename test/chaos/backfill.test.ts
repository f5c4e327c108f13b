// A backfill over files of every kind, some damaged, is killed again and again, also in the middle of a save of its
// checkpoint. What Segment has in the end is byte for byte what an uninterrupted run gives it.

import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { seededRandom } from "../../src/emulators/sample-random.ts";
import { type ArchiveFile, archiveFiles } from "./support/archive-files.ts";
import { BackfillWorld, DESTINATION } from "./support/backfill-world.ts";
import { Oracle } from "./support/oracle.ts";
import { preload } from "./support/preload.ts";
import { freshSeed, isLong, record } from "./support/results.ts";

const RECORDS = isLong ? 400_000 : 40_000;
const KILLS = isLong ? 60 : 9;
const PER_SECOND = isLong ? 12_000 : 6_000;
const CHECKPOINT_MS = 1_000;
/** One file's block, and the writes under way: what is sent again whatever the checkpoint says. */
const IN_HAND = 4_000;

describe("a backfill", () => {
  const seed = freshSeed();
  const mix = { dropped: 80, undecodable: 0, unknownKind: 4, bombs: 0 };
  const oracle = new Oracle({ seed, mix, destinations: [DESTINATION] });
  const files = archiveFiles(oracle, RECORDS);
  const timeout = 120_000 + KILLS * 5_000 + (RECORDS / PER_SECOND) * 4_000;

  it(`of ${files.length} files gives the same after ${KILLS} SIGKILL as without`, { timeout }, async () => {
    const startedAt = performance.now();
    const random = seededRandom(seed);
    const [calm, harmed] = await Promise.all([
      BackfillWorld.open(files, PER_SECOND),
      BackfillWorld.open(files, PER_SECOND),
    ]);
    try {
      const whole = await calm.run();
      expect(whole.code, whole.stderr.slice(-3_000)).toBe(0);
      const reference = await calm.taken();
      expect(difference(expectedSet(files, reference.set), reference.set), `seed ${seed}`).toEqual(
        NO_DIFFERENCE,
      );
      expect(reference.repeated).toBe(0);

      let ahead = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        await killOnce(harmed, kill, random);
        ahead += await settledAndMissing(harmed, files);
      }
      const lastStartedAt = performance.now();
      const last = await harmed.run();
      expect(last.code, last.stderr.slice(-3_000)).toBe(0);
      const taken = await harmed.taken();
      const allowed = KILLS * (PER_SECOND * (CHECKPOINT_MS / 1000) + IN_HAND);
      record({
        row: "backfill",
        fault: `${KILLS} SIGKILL, a third of them inside a save of the checkpoint, over ${files.length} files`,
        injected: `${KILLS} SIGKILL`,
        seed,
        verdict: {
          issued: reference.set.length,
          delivered: taken.set.length,
          dropped: 0,
          deadLettered: (await harmed.deadLetterIds()).size,
          lost: difference(reference.set, taken.set).missing.length,
          duplicates: taken.repeated,
          duplicatesAllowed: allowed,
        },
        recoveredMs: performance.now() - lastStartedAt,
        tookMs: performance.now() - startedAt,
        note: "the same ids and bytes as without",
      });
      expect(ahead, "a checkpoint was ahead of what Segment had taken").toBe(0);
      expect(taken.differing).toBe(0);
      expect(difference(reference.set, taken.set), `seed ${seed}`).toEqual(NO_DIFFERENCE);
      expect(taken.repeated).toBeLessThanOrEqual(allowed);
      expect([...(await harmed.deadLetterIds())].sort()).toEqual([...(await calm.deadLetterIds())].sort());
      expect(harmed.saysSecret()).toBe(false);

      const before = (await harmed.segment.stats()).requests;
      expect((await harmed.run()).code).toBe(0);
      expect((await harmed.segment.stats()).requests, "a finished backfill sends nothing").toBe(before);
    } finally {
      await Promise.all([calm.close(), harmed.close()]);
    }
  });

  it("refuses a changed file and a second run on the same state, each with a sentence", {
    timeout,
  }, async () => {
    const few = archiveFiles(new Oracle({ seed, mix, destinations: [DESTINATION] }), 2_000);
    const world = await BackfillWorld.open(few, 300);
    try {
      const first = world.start();
      await first.says(/"msg"|read/).catch(() => undefined);
      await waitForLock(world);
      // It stands still, so that it is at work yet when the second one has started, however long that takes.
      first.process.kill("SIGSTOP");
      const second = await world.run();
      first.process.kill("SIGCONT");
      expect(second.code).toBe(1);
      expect(second.stderr).toContain("state-locked");
      await waitForCheckpoint(world);
      await first.end("SIGKILL");

      const { name } = few[0]!;
      await utimes(join(world.folder, "input", name), 1, 1);
      const changed = await world.run();
      expect(changed.code).toBe(1);
      expect(changed.stderr).toContain("file-changed");
    } finally {
      await world.close();
    }
  });

  it("ends at a damaged file with advice, and the advice works", { timeout }, async () => {
    const few = archiveFiles(new Oracle({ seed, mix, destinations: [DESTINATION] }), 2_000);
    const world = await BackfillWorld.open(few, PER_SECOND);
    try {
      const failed = await world.run({ onDamage: "fail" });
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("--on-damage");
      expect((await world.run({ onDamage: "skip-block" })).code).toBe(0);
      const { set, repeated } = await world.taken();
      expect(difference(expectedSet(few, set), set)).toEqual(NO_DIFFERENCE);
      expect(repeated, "what was delivered before is not sent again").toBe(0);
    } finally {
      await world.close();
    }
  });
});

/** At a random time, or at a random point inside a save of the checkpoint. */
async function killOnce(world: BackfillWorld, kill: number, random: () => number): Promise<void> {
  if (kill % 3 !== 2) {
    const child = world.start();
    await sleep(400 + random() * 2_600);
    await child.end("SIGKILL");
    return;
  }
  const point = ["written", "synced", "renamed"][Math.floor(random() * 3)];
  const child = world.start({
    node: preload("kill-at"),
    env: { CHAOS_KILL_AT: `${point}:${1 + Math.floor(random() * 2)}` },
  });
  await child.exit;
}

/** How many events lie before a checkpoint and are not with Segment. */
async function settledAndMissing(world: BackfillWorld, files: readonly ArchiveFile[]): Promise<number> {
  const checkpoint = await world.checkpoint();
  if (!checkpoint) return 0;
  const there = new Set((await world.segment.ids()).map(({ id }) => id));
  let missing = 0;
  for (const [name, { position }] of Object.entries(checkpoint.files)) {
    const file = files.find((one) => name.endsWith(one.name));
    for (const { end, events } of file?.blocks ?? []) {
      if (end > position) break;
      for (const { messages } of events)
        for (const { messageId } of messages) if (!there.has(messageId)) missing += 1;
    }
  }
  return missing;
}

/** All that must come; of what may come, what did. */
function expectedSet(files: readonly ArchiveFile[], came: readonly string[]): string[] {
  const line = ({ messageId, digest }: { messageId: string; digest: string }) => `${messageId} ${digest}`;
  const all = files.flatMap(({ blocks }) =>
    blocks.flatMap(({ events }) => events.flatMap((e) => e.messages)),
  );
  const maybe = files.flatMap(({ optional = [] }) => optional.flatMap(({ messages }) => messages.map(line)));
  const set = new Set(came);
  return [...all.map(line), ...maybe.filter((one) => set.has(one))].sort();
}

const NO_DIFFERENCE = { missing: [], extra: [] };

function difference(
  expected: readonly string[],
  came: readonly string[],
): { missing: string[]; extra: string[] } {
  const [left, right] = [new Set(expected), new Set(came)];
  return {
    missing: expected.filter((one) => !right.has(one)),
    extra: came.filter((one) => !left.has(one)),
  };
}

async function waitForLock(world: BackfillWorld): Promise<void> {
  while ((await world.segment.stats()).accepted === 0) await sleep(50);
}

async function waitForCheckpoint(world: BackfillWorld): Promise<void> {
  while ((await world.checkpoint()) === undefined) await sleep(50);
}
