// The fused plan against the stages: the same bytes, drops and dead letters, whatever the data are.

import fc from "fast-check";
import { expect, it } from "vitest";

import { RecentIds } from "../../src/commands/backfill/recent-ids.ts";
import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { sampleEvents } from "../../src/emulators/sample-events.ts";
import type { FusedPlan } from "../../src/engine/packed.ts";
import { LocalPlan } from "../../src/transcode/plan.ts";
import { FusedWorld, threeDestinations } from "../support/fused.ts";
import { datum, defaults, line, scenarios } from "../support/fused-scenarios.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 120);

for (const [form, data] of [
  ["Avro data", datum],
  ["lines of JSON", line],
] as const) {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(`gives what the stages give for any ${form}, ${name}`, { timeout: 300_000 }, async () => {
      const world = await FusedWorld.of(scenario);
      const some = fc.array(fc.array(data, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 2 });
      const json = data === line;
      await fc.assert(
        fc.asyncProperty(some, async (blocks) => {
          const staged = await world.run(blocks, { json });
          // Without looking for duplicates: of two different events with one id, either may be the first.
          const fused = await world.run(blocks, { fused: new LocalPlan(world.settings, undefined), json });
          expect(fused).toEqual(staged);
        }),
        { numRuns: RUNS },
      );
    });
  }
}

it("gives one event the same bytes, whether it came as Avro or as JSON", async () => {
  const world = await FusedWorld.of(defaults);
  const events: object[] = [];
  for (const { event, bytes } of sampleEvents(5)) {
    if (!bytes) events.push(event);
    if (events.length === 1_000) break;
  }
  const plan = () => ({ fused: new LocalPlan(world.settings, undefined) });
  const texts = ({ written }: { written: readonly string[] }) =>
    written.map((entry) => entry.slice(entry.indexOf("{"))).sort();
  const fromAvro = await world.run([events.map((event) => encodeAvro(event))], plan());
  const lines = events.map((event) => Buffer.from(JSON.stringify(event)));
  const fromJson = await world.run([lines], { ...plan(), json: true });
  expect(texts(fromJson)).toEqual(texts(fromAvro));
  expect(fromJson.written.length).toBeGreaterThan(500);
});

for (const json of [false, true])
  it(`takes nearly all of a realistic mix itself, ${json ? "as JSON" : "as Avro"}, and gives what the stages give, duplicates included`, async () => {
    const [one, , three] = threeDestinations;
    const world = await FusedWorld.of({ ...defaults, destinations: [one!, three!] });
    const samples: Buffer[] = [];
    for (const { event, bytes } of sampleEvents(7)) {
      if (bytes) samples.push(Buffer.from(bytes));
      else samples.push(json ? Buffer.from(JSON.stringify(event)) : encodeAvro(event));
      if (samples.length === 3_000) break;
    }
    const blocks = [samples.slice(0, 1_500), samples.slice(1_000, 2_500), samples.slice(2_500)];
    const staged = await world.run(blocks, { recent: new RecentIds(), json });
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
    const fused = await world.run(blocks, { recent, fused: counting, json });
    expect(fused).toEqual(staged);
    // One in fifty has no form of its own, no identity, a bad time or is garbage.
    expect(left / 3_500).toBeLessThan(0.05);
  });
