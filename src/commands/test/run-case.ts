// One case: the pipeline's own stages and the real engine on a virtual clock, between given records and a scripted
// Segment. Nothing touches the network, and no dead letter the disk.

import { productVersion } from "../../sinks/segment/product-version.ts";
import type { LoadedPipeline } from "../../config/load.ts";
import type { LoadedStage } from "../../config/stages.ts";
import type { TestCase } from "../../config/test-file.ts";
import type { Logger, Sink, SinkDefinition, Source, SourceRecord } from "../../engine/contracts.ts";
import { VirtualClock } from "../../engine/virtual-clock.ts";
import { SegmentSink, type SegmentSinkConfig } from "../../sinks/segment/segment-sink.ts";
import { startJob } from "../job.ts";
import { ScriptedSegment, type SeenRequest } from "./scripted-segment.ts";

/** A case that does not end by then never will. */
const MAX_VIRTUAL_MS = 24 * 3_600_000;

export interface Outcome {
  readonly events: readonly unknown[];
  readonly drops: Readonly<Record<string, number>>;
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Why each dead letter is one, shortened: for whoever reads a failed case. */
  readonly reasons: readonly string[];
  readonly acked: number;
  readonly requests: readonly SeenRequest[];
  /** The run did not end as it should. */
  readonly failure?: string;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export async function runCase(pipeline: LoadedPipeline, { given, segment }: TestCase): Promise<Outcome> {
  const clock = new VirtualClock();
  const http = new ScriptedSegment(segment, clock);
  const events: unknown[] = [];
  const drops: Record<string, number> = {};
  const deadLetters: Record<string, number> = {};
  const reasons: string[] = [];
  const source = new GivenRecords(given);
  const add = (counts: Record<string, number>, key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  const job = await startJob(
    {
      ...pipeline,
      sink: scripted(pipeline.sink, http),
      deadLetters: { ...pipeline.deadLetters, ...collector },
    },
    {
      clock,
      random: () => 0.5,
      log: silent,
      wrapSource: () => source,
      observer: {
        delivered: (_, items) => events.push(...items.map(({ text }) => JSON.parse(text) as unknown)),
        dropped: (_, __, { reason }) => add(drops, reason),
        deadLettered: ({ code, message }) => {
          add(deadLetters, code);
          reasons.push(`${code}: ${message.slice(0, 200)}`);
        },
      },
    },
  );
  let failure: string | undefined;
  let ended = false;
  const done = job.run.done.then((result) => {
    ended = true;
    if (result.error) failure = result.error.message;
    else if (result.gaveBack > 0) failure = `${result.gaveBack} records were given back`;
  });
  try {
    await clock.runUntil(() => ended, MAX_VIRTUAL_MS);
  } catch (error) {
    job.run.abort();
    failure = `the run does not end: ${error instanceof Error ? error.message : String(error)}`;
  }
  await done;
  return {
    events,
    drops,
    deadLetters,
    reasons,
    acked: source.acked,
    requests: http.seen,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Segment is scripted; anything else just takes what it is given. */
function scripted(sink: LoadedStage<SinkDefinition>, http: ScriptedSegment): LoadedStage<SinkDefinition> {
  const { definition } = sink;
  if (definition.type !== "segment")
    return { ...collector, definition: { ...collector.definition, type: definition.type } };
  return {
    ...sink,
    definition: {
      ...definition,
      // The loader has checked the configuration against the stage's schema.
      create: (config, context) =>
        new SegmentSink(config as SegmentSinkConfig, context, productVersion(), http) as Sink,
    },
  };
}

const ONE_LANE = {
  rates: {
    events: Number.POSITIVE_INFINITY,
    requests: Number.POSITIVE_INFINITY,
    bytes: Number.POSITIVE_INFINITY,
  },
  concurrency: 1,
  lingerMs: 0,
  probeMs: 60_000,
};

const takesAll: Sink = {
  limits: {
    count: 1_000,
    bytes: 64 * 1024 ** 2,
    itemBytes: 16 * 1024 ** 2,
    envelopeBytes: 0,
    separatorBytes: 1,
  },
  laneOf: () => "main",
  laneSettings: () => ONE_LANE,
  encode: (value) => JSON.stringify(value),
  write: () => Promise.resolve(undefined),
  probe: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

const collector: LoadedStage<SinkDefinition> = {
  // Only `create` and `type` are looked at once a definition is loaded.
  definition: {
    role: "sink",
    type: "collector",
    accepts: "any",
    create: () => takesAll,
  } as unknown as SinkDefinition,
  config: {},
};

class GivenRecords implements Source {
  readonly redelivers = false;
  acked = 0;

  constructor(private readonly given: TestCase["given"]) {}

  async run(intake: Parameters<Source["run"]>[0], signal: AbortSignal): Promise<void> {
    let index = 0;
    for (const one of this.given) {
      const body = bodyOf(one);
      for (let i = 0; i < one.times; i++) {
        if (signal.aborted) return;
        const room = intake.offer(this.record(index++, body, one.attributes ?? {}));
        if (room) await room;
      }
    }
  }

  async close(): Promise<void> {}

  private record(
    index: number,
    body: Uint8Array,
    attributes: Readonly<Record<string, string>>,
  ): SourceRecord {
    return {
      id: `given#${index}`,
      body,
      attributes,
      publishedAtMs: 0,
      attempt: 1,
      writerSchema: undefined,
      settle: (how) => {
        if (how === "ack") this.acked += 1;
      },
    };
  }
}

function bodyOf({ json, text, base64 }: TestCase["given"][number]): Uint8Array {
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  return Buffer.from(text ?? JSON.stringify(json));
}
