// The fused plan against the stages: the same bytes, drops and dead letters, whatever the data are.

import fc from "fast-check";
import { expect, it } from "vitest";

import { RecentIds } from "../../src/commands/backfill/recent-ids.ts";
import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { sampleEvents } from "../../src/emulators/sample-events.ts";
import type { FusedPlan } from "../../src/engine/packed.ts";
import { LocalPlan } from "../../src/transcode/plan.ts";
import { anyExportEvent } from "../support/arbitraries.ts";
import { everythingEnabled } from "../support/context.ts";
import { FusedWorld, type Scenario, threeDestinations } from "../support/fused.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 120);

const defaults: Scenario = {
  segmentEvent: {
    value: "string",
    default: "indicator",
    anonymousContexts: true,
    fallbackAnonymousKinds: [],
    extras: [],
    implausibleTime: "keep",
  },
  experiments: true,
  window: {},
  enablement: everythingEnabled,
  destinations: threeDestinations.slice(0, 1),
  maxEventBytes: 32_768,
};
const scenarios: Record<string, Scenario> = {
  "as it is shipped": defaults,
  "two destinations, every setting another": {
    ...defaults,
    segmentEvent: {
      ...defaults.segmentEvent,
      value: "native",
      default: "strict-variation",
      anonymousContexts: false,
      fallbackAnonymousKinds: ["device"],
      implausibleTime: "dead-letter",
    },
    experiments: false,
    destinations: threeDestinations,
    maxEventBytes: 500,
  },
  "some flags, no events, a stretch of time": {
    ...defaults,
    window: { since: "1990-01-01", until: "2026-01-01T00:00:01Z" },
    enablement: {
      forEnvironment: (project) =>
        project === "default"
          ? undefined
          : { allFlags: false, events: false, flags: new Set(["new-checkout", "dark-mode", "a"]) },
    },
  },
};

/** Now and then a byte is another, is gone, or the end is missing. */
const datum = fc
  .tuple(anyExportEvent, fc.option(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { freq: 4 }))
  .map(([event, damage]) => {
    const whole = encodedOrEmpty(event);
    if (!damage || whole.length === 0) return whole;
    const [where, byte, how] = damage;
    const at = where % whole.length;
    if (how === 0) return whole.subarray(0, at);
    if (how === 1) return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
    const other = Buffer.from(whole);
    other[at] = byte;
    return other;
  });

function encodedOrEmpty(event: unknown): Buffer {
  try {
    return encodeAvro(event as object);
  } catch {
    return Buffer.alloc(0); // Not every event has an Avro form (a project that is no text).
  }
}

for (const [name, scenario] of Object.entries(scenarios)) {
  it(`gives what the stages give for any data, ${name}`, { timeout: 300_000 }, async () => {
    const world = await FusedWorld.of(scenario);
    const some = fc.array(fc.array(datum, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(some, async (blocks) => {
        const staged = await world.run(blocks);
        // Without looking for duplicates: of two different events with one id, either may be the first.
        const fused = await world.run(blocks, { fused: new LocalPlan(world.settings, undefined) });
        expect(fused).toEqual(staged);
      }),
      { numRuns: RUNS },
    );
  });
}

it("takes nearly all of a realistic mix itself, and gives what the stages give, duplicates included", async () => {
  const [one, , three] = threeDestinations;
  const world = await FusedWorld.of({ ...defaults, destinations: [one!, three!] });
  const samples: Buffer[] = [];
  for (const { event, bytes } of sampleEvents(7)) {
    samples.push(bytes ? Buffer.from(bytes) : encodeAvro(event));
    if (samples.length === 3_000) break;
  }
  const blocks = [samples.slice(0, 1_500), samples.slice(1_000, 2_500), samples.slice(2_500)];
  const staged = await world.run(blocks, { recent: new RecentIds() });
  let left = 0;
  const recent = new RecentIds();
  const plan = new LocalPlan(world.settings, (names, from) => recent.seenName(names, from));
  const counting: FusedPlan = {
    run(block) {
      const events = plan.run(block);
      left += events?.left.length ?? Number.POSITIVE_INFINITY;
      return events;
    },
    free: (events) => plan.free(events),
    close: () => plan.close(),
  };
  const fused = await world.run(blocks, { recent, fused: counting });
  expect(fused).toEqual(staged);
  // One in fifty has no form of its own, no identity, a bad time or is garbage.
  expect(left / 3_500).toBeLessThan(0.05);
});
