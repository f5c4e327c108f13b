// The whole job in one process, with its real stages: whatever comes in, every event is accounted for.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import fc from "fast-check";
import { expect, it } from "vitest";

import { encodeAvro } from "../src/emulators/avro-events.ts";
import type { Drop, Sink, SourceRecord, Transform } from "../src/engine/contracts.ts";
import { Metrics } from "../src/engine/metrics.ts";
import { Run } from "../src/engine/run.ts";
import { settleMicrotasks, VirtualClock } from "../src/engine/virtual-clock.ts";
import segmentSink from "../src/sinks/segment/segment.ts";
import avroDecode from "../src/transforms/avro-decode.ts";
import filterEnabled from "../src/transforms/filter-enabled.ts";
import segmentEvent from "../src/transforms/segment-event.ts";
import { anyExportEvent, garbage } from "./support/arbitraries.ts";
import { aContext, aDestination, destinationsOf, silentLog } from "./support/context.ts";
import { problemsOf } from "./support/segment-schemas.ts";
import { aRecord, letterSink, listSource } from "./support/stages.ts";

const RUNS = Number(process.env["SLUICE_FUZZ_RUNS"] ?? 1_000);
const schema = fileURLToPath(new URL("../schemas/launchdarkly/export-event.avsc", import.meta.url));

/** Every environment has the same two destinations, so that fan-out is part of the game. */
const receivers = [
  aDestination({ id: "one" }),
  aDestination({ id: "two", config: { userIdContextKind: "org" } }),
];
const destinations = { ...destinationsOf(...receivers), forEnvironment: () => receivers };

async function realStages(): Promise<{ transforms: { type: string; transform: Transform }[]; sink: Sink }> {
  const context = aContext({ destinations });
  const defaults = { lingerMs: 0, concurrency: 4, probeMs: 60_000, timeoutMs: 10_000 };
  const config = (definition: { config: unknown }) => withDefaults(definition.config);
  return {
    transforms: [
      {
        type: "avro-decode",
        transform: await avroDecode.create({ ...config(avroDecode), schema } as never, context),
      },
      {
        type: "filter-enabled",
        transform: await filterEnabled.create(config(filterEnabled) as never, context),
      },
      { type: "segment-event", transform: await segmentEvent.create(config(segmentEvent) as never, context) },
    ],
    sink: await segmentSink.create({ ...defaults, ...config(segmentSink) } as never, context),
  };
}

function withDefaults(schemaOf: unknown): Record<string, unknown> {
  const { properties } = schemaOf as { properties: Record<string, { default?: unknown }> };
  const entries = Object.entries(properties).filter(([, one]) => one.default !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, structuredClone(one.default)]));
}

const encoded = fc.oneof(
  { weight: 6, arbitrary: anyExportEvent.map((event) => Buffer.from(JSON.stringify(event))) },
  {
    weight: 4,
    arbitrary: anyExportEvent.map((event) => {
      try {
        return encodeAvro(event as object);
      } catch {
        // Not every event has an Avro form (a project that is no text): then it comes as JSON.
        return Buffer.from(JSON.stringify(event));
      }
    }),
  },
  { weight: 2, arbitrary: garbage.map((bytes) => Buffer.from(bytes)) },
);

it("turns any input into valid Segment events, named drops or named dead letters, and loses nothing", {
  timeout: 120_000,
}, async () => {
  const known = JSON.parse(readFileSync(schema, "utf8"));
  expect(known.name).toBe("LaunchDarklyExportEvent");
  const { transforms, sink } = await realStages();
  await fc.assert(
    fc.asyncProperty(fc.array(encoded, { minLength: 1, maxLength: 20 }), async (bodies) => {
      const clock = new VirtualClock();
      const fates = new Map<string, string[]>();
      const fate = (id: string, what: string) => fates.set(id, [...(fates.get(id) ?? []), what]);
      const letters = letterSink();
      const records = bodies.map((body, i) => aRecord(`r${i}`, "", { body } as Partial<SourceRecord>));
      const run = new Run(
        {
          name: "property",
          configVersion: "1",
          source: listSource(records),
          transforms,
          sinks: [
            {
              name: "segment",
              type: "segment",
              sink: {
                ...sink,
                limits: sink.limits,
                laneOf: (value) => sink.laneOf(value),
                laneSettings: (lane) => sink.laneSettings(lane),
                encode: (value) => sink.encode(value),
                async write(batch) {
                  for (const item of batch.items) {
                    expect(problemsOf(JSON.parse(item.text))).toEqual([]);
                    expect(Buffer.byteLength(item.text)).toBeLessThanOrEqual(32_768);
                    fate(item.origin.id, "delivered");
                  }
                  return undefined;
                },
                async close() {},
              },
            },
          ],
          deadLetters: letters as unknown as Sink,
          deadLetterWindow: { size: 1000, max: 1000 },
          inFlight: { records: 100, bytes: 64e6 },
          drainMs: 1_000,
        },
        {
          clock,
          random: () => 0.5,
          log: silentLog,
          metrics: new Metrics(),
          observer: { dropped: (origin, _stage, drop: Drop) => fate(origin.id, `dropped ${drop.reason}`) },
        },
      );
      let over = false;
      void run.done.then(() => {
        over = true;
      });
      await settleMicrotasks(4);
      await clock.runUntil(() => over);
      expect(await run.done).toMatchObject({ state: "stopped", gaveBack: 0 });
      for (const letter of letters.letters) {
        expect(letter.code).not.toBe("bug");
        expect(letter.code).toMatch(/^[a-z][a-z0-9-]*$/);
        fate(letter.id, `dead ${letter.code}`);
      }
      for (const record of records) {
        expect(record.settled).toBe("ack");
        expect(fates.get(record.id)?.length ?? 0).toBeGreaterThan(0);
      }
    }),
    { numRuns: RUNS },
  );
});
