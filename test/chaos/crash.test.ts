// The program is killed, stopped and frozen at random under load, while its neighbours misbehave a little all the
// time. It is started again each time; in the end nothing may be missing.

import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { seededRandom } from "../../src/emulators/sample-random.ts";
import { defaults } from "./support/pipeline-yaml.ts";
import { freshSeed, isLong, record } from "./support/results.ts";
import { World } from "./support/world.ts";

interface Campaign {
  readonly kills: number;
  readonly drains: number;
  readonly freezes: number;
  readonly freezeMs: number;
  readonly perSecond: number;
  /** Between two blows. */
  readonly fromMs: number;
  readonly toMs: number;
}

const short: Campaign = {
  kills: 8,
  drains: 2,
  freezes: 1,
  freezeMs: 12_000,
  perSecond: 300,
  fromMs: 200,
  toMs: 4_000,
};
const long: Campaign = {
  kills: Number(process.env["SLUICE_CHAOS_KILLS"] ?? 40),
  drains: 10,
  freezes: 5,
  freezeMs: 15_000,
  perSecond: 500,
  fromMs: 200,
  toMs: 6_000,
};

type Blow = "kill" | "drain" | "freeze";

describe("a crash campaign", () => {
  const campaign = isLong ? long : short;
  const { kills, drains, freezes, perSecond } = campaign;
  // A blow takes at most `toMs`, a start and a lease; the longest campaign known is 500 kills.
  const timeout = 180_000 + (kills + drains + freezes) * 12_000;

  it(`loses nothing over ${kills} SIGKILL, ${drains} SIGTERM and ${freezes} SIGSTOP under ${perSecond} events/s`, {
    timeout,
  }, async () => {
    const seed = freshSeed();
    const startedAt = performance.now();
    const random = seededRandom(seed);
    const world = await World.open({
      seed,
      node: ["--max-old-space-size=256"],
      pipeline: { window: { size: 1_000, max: 999 } },
    });
    try {
      await world.program.start();
      await fivePercent(world);
      const stopLoad = world.publisher.load(perSecond);
      for (const blow of shuffled(campaign, random)) {
        // One blow of four may fall into the start; the others find a program at work, however long its start took.
        if (random() > 0.25) await world.program.running();
        await sleep(campaign.fromMs + random() * (campaign.toMs - campaign.fromMs));
        if (blow === "kill") await world.program.kill();
        else if (blow === "drain") await world.program.restart();
        else await world.program.freeze(campaign.freezeMs);
      }
      await heal(world);
      const recoveredMs = await world.probe();
      await stopLoad();
      await world.settled(120_000);
      await world.program.stop();

      const { maxMessages, maxBatchEvents } = defaults;
      const { faultsPlayed, answers } = await world.segment.stats();
      const lostAnswers = answers["none"] ?? 0;
      const verdict = await world.judge({
        // What was in hand at each kill, and every batch whose answer was lost.
        duplicates: kills * maxMessages + lostAnswers * maxBatchEvents,
        // A SIGKILL looks like a deadly event. By chance two of them meet the program at work on the same one.
        suspected: Math.ceil(kills / 50),
      });
      const ratio = ((100 * verdict.duplicates) / verdict.issued).toFixed(2);
      record({
        row: "crash",
        fault: `${kills} SIGKILL, ${drains} SIGTERM, ${freezes} SIGSTOP, all other faults at 5 %`,
        injected: `${kills + drains + freezes} blows, ${faultsPlayed} faults of Segment, ${lostAnswers} of them lost answers`,
        seed,
        verdict,
        recoveredMs,
        tookMs: performance.now() - startedAt,
        note: `${ratio} % duplicated, 0 after de-duplication by messageId; ${verdict.suspected} taken for deadly`,
      });
      expect(verdict.violations, `seed ${seed}`).toEqual([]);
      expect(lostAnswers, "the faults did what they should").toBeGreaterThan(0);
      expect(verdict.acked, "everything issued is settled").toBe(verdict.issued);
      // Segment keeps one of each id: what it hands on is exactly what was issued.
      const { accepted } = await world.segment.stats();
      expect(accepted).toBeGreaterThanOrEqual(verdict.delivered - verdict.suspected);
      expect(accepted).toBeLessThanOrEqual(verdict.delivered);
    } finally {
      await world.close();
    }
  });
});

async function fivePercent(world: World): Promise<void> {
  for (const action of [
    { kind: "status", status: 503 },
    { kind: "reset-after-body" },
    { kind: "cut" },
    { kind: "garbage-body" },
  ] as const)
    await world.segment.inject({ action, percent: 5 });
  await world.segment.inject({ action: { kind: "reset-after-body" }, accept: true, percent: 5 });
  await world.pubsub.fault({
    rpcs: [
      { rpc: "Acknowledge", status: "UNAVAILABLE", when: "after", probability: 0.05 },
      { rpc: "Acknowledge", status: "INTERNAL", probability: 0.05 },
      { rpc: "ModifyAckDeadline", status: "DEADLINE_EXCEEDED", probability: 0.05 },
      { rpc: "StreamingPull", status: "UNAVAILABLE", probability: 0.05 },
    ],
    streams: { maxAgeMs: 3_000, ageStatus: "UNAVAILABLE" },
  });
  world.toPubSub.set({ latency: { ms: 5, jitterMs: 5 } });
  world.toSegment.set({ latency: { ms: 10, jitterMs: 10 } });
}

async function heal(world: World): Promise<void> {
  world.toPubSub.heal();
  world.toSegment.heal();
  await Promise.all([world.pubsub.heal(), world.segment.heal()]);
}

function shuffled({ kills, drains, freezes }: Campaign, random: () => number): Blow[] {
  const blows: Blow[] = [
    ...Array<Blow>(kills).fill("kill"),
    ...Array<Blow>(drains).fill("drain"),
    ...Array<Blow>(freezes).fill("freeze"),
  ];
  for (let i = blows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [blows[i], blows[j]] = [blows[j]!, blows[i]!];
  }
  return blows;
}
