// Messages through the fused plan against the stages: the same bytes, drops, dead letters, settlements, and the same
// told to whoever watches.

import fc from "fast-check";
import { expect, it } from "vitest";

import { SeenFlags } from "../../src/console/seen-flags.ts";
import { encodeAvro } from "../../src/emulators/avro-events.ts";
import { sampleEvents } from "../../src/emulators/sample-events.ts";
import type { Enablement } from "../../src/engine/contracts.ts";
import { allOf, type RunObserver } from "../../src/engine/observers.ts";
import { COLUMNS } from "../../src/engine/packed.ts";
import { SegmentEvent } from "../../src/events/segment-event.ts";
import { eventIdOf, messageIdOf, sentIdOf } from "../../src/live/event-ids.ts";
import { LocalRecordsPlan } from "../../src/transcode/records-plan.ts";
import { anyExportEvent } from "../support/arbitraries.ts";
import { everythingEnabled } from "../support/context.ts";
import { exported } from "../support/fixtures.ts";
import { FusedWorld } from "../support/fused.ts";
import { datum, line, scenarios } from "../support/fused-scenarios.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 120);

const body = fc.oneof(
  { weight: 4, arbitrary: datum },
  { weight: 4, arbitrary: line },
  { weight: 1, arbitrary: anyExportEvent.map((event) => Buffer.from(JSON.stringify(event, undefined, 2))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
);

/** What is told of each record, in an order that does not depend on the way. */
class Witness implements RunObserver {
  private readonly told: string[] = [];
  fused = 0;
  watchesArrows = false;

  get all(): readonly string[] {
    return this.told.toSorted();
  }

  moved(arrow: number, items: Parameters<NonNullable<RunObserver["moved"]>>[1]): void {
    if (arrow === 1)
      for (const { origin, value } of items) this.told.push(`in ${origin.id} ${eventIdOf(value)}`);
  }

  taken(records: Parameters<NonNullable<RunObserver["taken"]>>[0]): void {
    for (let index = 0; index < records.length; index++) {
      if (records.isLeft(index)) continue;
      this.fused += 1;
      const { id } = records.origin(index);
      expect(eventIdOf(records.value(index))).toBe(records.eventId(index));
      this.told.push(`in ${id} ${records.eventId(index)}`);
      const dropped = records.drop(index);
      if (dropped)
        this.told.push(`drop ${id} ${dropped.stage} ${dropped.drop.reason} ${dropped.drop.detail}`);
    }
  }

  dropped(
    origin: { id: string },
    stage: string,
    { reason, detail }: { reason: string; detail: string },
  ): void {
    this.told.push(`drop ${origin.id} ${stage} ${reason} ${detail}`);
  }

  delivered(lane: string, items: Parameters<NonNullable<RunObserver["delivered"]>>[1]): void {
    for (const item of items) {
      const { value } = item;
      if (!(value instanceof SegmentEvent)) throw new Error("what was sent is no Segment event");
      expect(messageIdOf(value)).toBe(sentIdOf(item));
      expect(JSON.stringify(value)).toBe(item.text);
      this.told.push(`out ${item.origin.id} ${lane} ${value.destination.id} ${sentIdOf(item)}`);
    }
  }
}

/** How often each flag was seen, in an order that does not depend on the way. */
function countsOf(flags: SeenFlags): readonly string[] {
  const lines = flags
    .all()
    .map((one) => `${one.environment} ${one.flag} ${one.delivered} delivered, ${one.dropped} dropped`);
  return lines.toSorted();
}

for (const [name, scenario] of Object.entries(scenarios)) {
  it(`gives and tells what the stages do for any message, ${name}`, { timeout: 300_000 }, async () => {
    const world = await FusedWorld.of(scenario);
    await fc.assert(
      fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 24 }), async (bodies) => {
        const [seen, seenFused] = [new Witness(), new Witness()];
        const [flags, flagsFused] = [new SeenFlags(), new SeenFlags()];
        const staged = await world.runMessages(bodies, { observer: allOf(seen, flags) });
        const fusedRecords = new LocalRecordsPlan(world.settings);
        const observer = allOf(seenFused, flagsFused);
        expect(await world.runMessages(bodies, { observer, fusedRecords })).toEqual(staged);
        expect(seenFused.all).toEqual(seen.all);
        expect(countsOf(flagsFused)).toEqual(countsOf(flags));
      }),
      { numRuns: RUNS },
    );
  });
}

function samples(n: number): Buffer[] {
  const some: Buffer[] = [];
  for (const { event, bytes } of sampleEvents(7)) {
    some.push(bytes ? Buffer.from(bytes) : encodeAvro(event));
    if (some.length === n) break;
  }
  return some;
}

it("takes nearly all of a realistic mix itself, the console's count of flags beside it, and none while somebody watches values between stages", async () => {
  const world = await FusedWorld.of(scenarios["as it is shipped"]!);
  const bodies = samples(900); // Less than the ledger of this world holds.
  const seen = new Witness();
  const flags = new SeenFlags();
  const fusedRecords = new LocalRecordsPlan(world.settings);
  await world.runMessages(bodies, { observer: allOf(seen, flags), fusedRecords });
  expect(seen.fused / bodies.length).toBeGreaterThan(0.95);
  expect(flags.size).toBeGreaterThan(0);
  const watching = Object.assign(new Witness(), { watchesArrows: true });
  await world.runMessages(bodies, { observer: watching, fusedRecords: new LocalRecordsPlan(world.settings) });
  expect([watching.fused, watching.all]).toEqual([0, seen.all]);
});

it("leaves a value on which something throws to the stages, and that one alone is dead-lettered", async () => {
  const enablement: Enablement = {
    forEnvironment(project, environment) {
      if (environment === "broken") throw new TypeError("a planted mistake");
      return everythingEnabled.forEnvironment(project, environment);
    },
  };
  const world = await FusedWorld.of({ ...scenarios["as it is shipped"]!, enablement });
  const sound = exported("feature");
  const bodies = Array.from({ length: 60 }, (_, index) =>
    Buffer.from(JSON.stringify(index % 5 < 2 ? { ...sound, environment: "broken" } : sound)),
  );
  const seen = new Witness();
  const fusedRecords = new LocalRecordsPlan(world.settings);
  const fused = await world.runMessages(bodies, { observer: seen, fusedRecords });
  expect(fused).toEqual(await world.runMessages(bodies));
  expect([seen.fused, fused.written.length, fused.letters.length]).toEqual([36, 36, 24]);
  expect(fused.letters.every((letter) => letter.includes('"bug"'))).toBe(true);
});

it("hands messages to the stages while what it holds in memory is beyond its bound", async () => {
  const world = await FusedWorld.of(scenarios["as it is shipped"]!);
  const plan = new LocalRecordsPlan(world.settings);
  const data = samples(300);
  const borders = new Uint32Array(data.length + 1);
  for (const [index, one] of data.entries()) borders[index + 1] = borders[index]! + one.length;
  const body = Buffer.concat(data);
  const block = { body, borders, writerSchema: world.settings.avro?.reader, origin: () => never() };
  const held = [];
  for (let made = plan.run(block); made; made = plan.run(block)) held.push(made);
  const bytes = held.reduce((sum, made) => sum + made.bytes.length, 0);
  expect(bytes / 2 ** 20).toBeGreaterThan(30);
  expect(bytes / 2 ** 20).toBeLessThan(36);
  for (const made of held) plan.free(made);
  const again = plan.run(block);
  expect(again?.events).toBe(held[0]?.events);
  expect(again?.table.length).toBe(COLUMNS * (again?.events ?? 0));
});

function never(): never {
  throw new Error("a plan asks for no origin");
}
