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
const damaged = (sound: fc.Arbitrary<Buffer>) =>
  fc
    .tuple(sound, fc.option(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { freq: 4 }))
    .map(([whole, damage]) => {
      if (!damage || whole.length === 0) return whole;
      const [where, byte, how] = damage;
      const at = where % whole.length;
      if (how === 0) return whole.subarray(0, at);
      if (how === 1) return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
      const other = Buffer.from(whole);
      other[at] = byte;
      return other;
    });

const datum = damaged(anyExportEvent.map(encodedOrEmpty));

/** Members that are of other types than documented, or none: what a line of JSON may hold and a datum may not. */
const oddMember = fc.tuple(
  fc.constantFrom(
    ...["project", "version", "event", "event.kind", "event.id", "event.key", "event.userKey"].concat(
      ["event.reason", "event.contextKeys", "event.context", "event.creationDate", "event.metricValue"],
      ["event.value", "event.default", "event.url", "event.variation", "event.reason.inExperiment"],
    ),
  ),
  fc.oneof(
    fc.constantFrom(null, true, "", 'a"b\\', "\u2028", 0, -0, 1.5e300, 1e21, 0.1, 12345678.25, {}, []),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue({ maxDepth: 2 }),
  ),
);

const line = damaged(
  fc
    .tuple(
      anyExportEvent,
      fc.option(oddMember, { freq: 3 }),
      fc.constantFrom(undefined, undefined, " ", "\t"),
      fc.constantFrom(
        "",
        "",
        "",
        "\r",
        " \n\n",
        "\ufeff",
        "\u0000",
        "x",
        ',"event":{}}',
        '{"project":"default"}',
      ),
    )
    .map(([event, odd, space, tail]) => {
      const whole = odd ? withMember(event, odd[0].split("."), odd[1]) : event;
      return Buffer.from((JSON.stringify(whole, undefined, space) ?? "").replaceAll("\n", " ") + tail);
    }),
);

function withMember(value: unknown, [name, ...below]: readonly string[], member: unknown): unknown {
  if (name === undefined) return member;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return { ...value, [name]: withMember((value as Record<string, unknown>)[name] ?? {}, below, member) };
}

function encodedOrEmpty(event: unknown): Buffer {
  try {
    return encodeAvro(event as object);
  } catch {
    return Buffer.alloc(0); // Not every event has an Avro form (a project that is no text).
  }
}

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
