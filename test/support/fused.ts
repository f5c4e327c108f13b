// The stages of a backfill and the fused plan, made from the same settings, and one run of either over the same data.

import { fileURLToPath } from "node:url";

import { writerSchema } from "../../src/avro/schema.ts";
import type { RecentIds } from "../../src/commands/backfill/recent-ids.ts";
import { skipDuplicates } from "../../src/commands/backfill/skip-duplicates.ts";
import { exportEventSchema } from "../../src/emulators/avro-events.ts";
import type { Enablement, Sink, Transform } from "../../src/engine/contracts.ts";
import { Metrics } from "../../src/engine/metrics.ts";
import type { RunObserver } from "../../src/engine/observers.ts";
import type { FusedPlan, RecordsPlan } from "../../src/engine/packed.ts";
import { Run } from "../../src/engine/run.ts";
import { settleMicrotasks, VirtualClock } from "../../src/engine/virtual-clock.ts";
import segmentSink from "../../src/sinks/segment/segment.ts";
import { DatumBlock } from "../../src/sources/file/datum-block.ts";
import { LineStretch } from "../../src/sources/file/line-stretch.ts";
import avroDecode from "../../src/transforms/avro-decode.ts";
import { readSchema } from "../../src/transforms/avro-decode/read-schema.ts";
import filterEnabled from "../../src/transforms/filter-enabled.ts";
import filterTime from "../../src/transforms/filter-time.ts";
import segmentEvent from "../../src/transforms/segment-event.ts";
import type { SegmentEventConfig } from "../../src/transforms/segment-event/config.ts";
import type { RecordsPlanSettings } from "../../src/transcode/records-plan.ts";
import type { TranscoderSettings } from "../../src/transcode/transcoder.ts";
import { aContext, aDestination, destinationsOf, silentLog } from "./context.ts";
import { aRecord, letterSink, listSource } from "./stages.ts";

export const schemaPath = fileURLToPath(
  new URL("../../schemas/launchdarkly/export-event.avsc", import.meta.url),
);

export interface Scenario {
  readonly segmentEvent: SegmentEventConfig;
  readonly experiments: boolean;
  readonly window: { readonly since?: string; readonly until?: string };
  readonly enablement: Enablement;
  readonly destinations: readonly ReturnType<typeof aDestination>[];
  readonly maxEventBytes: number;
}

/** What became of everything, in an order that does not depend on the way. */
export interface Outcome {
  readonly written: readonly string[];
  readonly drops: readonly string[];
  readonly letters: readonly string[];
  readonly values: number;
  readonly settled: readonly (string | undefined)[];
}

interface Ways {
  readonly fused?: FusedPlan;
  readonly fusedRecords?: RecordsPlan;
  readonly recent?: RecentIds;
  readonly observer?: RunObserver;
}

type TestRecord = ReturnType<typeof aRecord>;

const defaultLimits = { maxDepth: 64, maxItems: 1_000_000, maxEmptyItems: 10_000, maxInflatedBytes: 1e7 };

export class FusedWorld {
  private constructor(
    private readonly transforms: readonly { readonly type: string; readonly transform: Transform }[],
    private readonly sink: Sink,
    readonly settings: TranscoderSettings & RecordsPlanSettings,
  ) {}

  static async of(scenario: Scenario): Promise<FusedWorld> {
    const list = scenario.destinations;
    const byEnvironment = destinationsOf(...list);
    const known = new Map<string, readonly (typeof list)[number][]>();
    // A stable list, as the contract asks.
    const destinations = {
      ...byEnvironment,
      forEnvironment(project: string, environment: string) {
        const key = JSON.stringify([project, environment]);
        const found = known.get(key) ?? byEnvironment.forEnvironment(project, environment);
        known.set(key, found as never);
        return found;
      },
    };
    const context = aContext({ destinations, enablement: scenario.enablement });
    const decode = { schema: schemaPath, encoding: "auto", writerSchemas: [], limits: defaultLimits };
    const made = async (definition: { type: string; create: unknown }, config: object) => ({
      type: definition.type,
      transform: (await (definition.create as (c: object, x: object) => Transform)(
        config,
        context,
      )) as Transform,
    });
    const transforms = [
      await made(avroDecode, decode),
      await made(filterEnabled, { experiments: scenario.experiments }),
      await made(filterTime, scenario.window),
      await made(segmentEvent, scenario.segmentEvent),
    ];
    const sinkConfig = {
      concurrency: 4,
      lingerMs: 0,
      probeMs: 60_000,
      timeoutMs: 10_000,
      connectionTtlMs: 300_000,
      maxBatchEvents: 1_000,
      maxBatchBytes: 480_000,
      maxEventBytes: scenario.maxEventBytes,
    };
    const sink = (await segmentSink.create(sinkConfig as never, context)) as Sink;
    const { since, until } = scenario.window;
    return new FusedWorld(transforms, sink, {
      avro: { reader: await readSchema(process.cwd(), schemaPath), limits: defaultLimits },
      json: true,
      experiments: scenario.experiments,
      windows: [
        {
          sinceMs: since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since),
          untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until),
        },
      ],
      segmentEvent: scenario.segmentEvent,
      destinations,
      enablement: scenario.enablement,
      laneOf: (id) => id,
      separator: 0x2c,
      maxEventBytes: scenario.maxEventBytes,
      wallMs: () => new VirtualClock().wallMs(),
    });
  }

  /** Each list of data is one block, or with `json` the lines of one stretch. Without `recent` duplicates are not looked for. */
  async run(
    blocks: readonly (readonly Buffer[])[],
    { json = false, ...ways }: { fused?: FusedPlan; recent?: RecentIds; json?: boolean } = {},
  ): Promise<Outcome> {
    const schema = writerSchema(exportEventSchema());
    return this.runRecords(
      blocks.map((data, index) => (json ? stretchRecord(data, index) : blockRecord(data, index, schema))),
      ways,
    );
  }

  /** Each body is a message of its own. */
  async runMessages(
    bodies: readonly Buffer[],
    ways: { fusedRecords?: RecordsPlan; observer?: RunObserver } = {},
  ): Promise<Outcome> {
    return this.runRecords(
      bodies.map((body, index) => aRecord(`m${index}`, "", { body })),
      ways,
    );
  }

  private async runRecords(
    records: readonly TestRecord[],
    { fused, fusedRecords, recent, observer }: Ways,
  ): Promise<Outcome> {
    const clock = new VirtualClock();
    const letters = letterSink();
    const metrics = new Metrics();
    const written: string[] = [];
    const run = new Run(
      {
        name: "fused",
        configVersion: "1",
        source: listSource(records),
        transforms: [...this.transforms, ...(recent ? [skipDuplicates(recent)] : [])],
        fused,
        fusedRecords,
        sinks: [
          {
            name: "segment",
            type: "segment",
            sink: {
              ...this.sink,
              limits: this.sink.limits,
              laneOf: (value) => this.sink.laneOf(value),
              laneSettings: (lane) => ({ ...this.sink.laneSettings(lane), rates: noLimit }),
              encode: (value) => this.sink.encode(value),
              async write({ lane, items }) {
                for (const { origin, text, bytes } of items) {
                  if (Buffer.byteLength(text) !== bytes) throw new Error("not as long as it says");
                  written.push(`${lane} ${origin.id} ${Buffer.from(origin.body).toString("hex")} ${text}`);
                }
                return undefined;
              },
              async close() {},
            },
          },
        ],
        deadLetters: letters as unknown as Sink,
        deadLetterWindow: { size: 10_000, max: 10_000 },
        inFlight: { records: 1_000, bytes: 64e6 },
        drainMs: 1_000,
      },
      { clock, random: () => 0.5, log: silentLog, metrics, observer },
    );
    let over = false;
    void run.done.then(() => {
      over = true;
    });
    await settleMicrotasks(4);
    while (!over) {
      await clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = await run.done;
    if (result.state !== "stopped" || result.gaveBack > 0) throw result.error ?? new Error("gave back");
    const drops = ["dropped_total", "dropped_by_detail_total"].flatMap((name) =>
      metrics.samples(name as never).map((sample) => `${name} ${JSON.stringify(sample)}`),
    );
    return {
      written: written.sort(),
      drops: drops.sort(),
      letters: letters.letters.map((letter) => JSON.stringify(letter)).sort(),
      values: metrics.total("values_total"),
      settled: records.map(({ settled }) => settled),
    };
  }
}

const noLimit = {
  events: Number.POSITIVE_INFINITY,
  requests: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
};

function blockRecord(data: readonly Buffer[], index: number, schema: ReturnType<typeof writerSchema>) {
  const borders = new Uint32Array(data.length + 1);
  for (const [i, datum] of data.entries()) borders[i + 1] = borders[i]! + datum.length;
  const content = { file: "f.avro", writerSchema: schema, archive: undefined };
  const block = new DatumBlock(content, index * 1_000, index * 1_000 + 1, Buffer.concat(data), borders);
  return aRecord(`f.avro:${index * 1_000}`, "", {
    body: block.body,
    block,
    entries: () => block.entries(),
  });
}

function stretchRecord(lines: readonly Buffer[], index: number) {
  const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
  const stretch = new LineStretch("f.ndjson", index * 1_000_000, body, 0);
  return aRecord(`f.ndjson:${index * 1_000_000}`, "", {
    body,
    block: stretch,
    entries: () => stretch.entries(),
  });
}

/** Two destinations of one environment that map different kinds, and one of another environment. */
export const threeDestinations = [
  aDestination({ id: "one" }),
  aDestination({ id: "two", config: { userIdContextKind: "org", anonymousIdContextKind: "device" } }),
  aDestination({ id: "three", environment: "another" }),
];
