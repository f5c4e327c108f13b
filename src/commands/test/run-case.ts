// One case: the pipeline's own stages and the real engine on a virtual clock, between given records and a scripted
// Segment. Nothing touches the network, and no dead letter the disk.

import type { LoadedPipeline } from "../../config/load.ts";
import type { LoadedSink } from "../../config/sinks.ts";
import type { TestCase } from "../../config/test-file.ts";
import type { Logger, Sink } from "../../engine/contracts.ts";
import { VirtualClock } from "../../engine/virtual-clock.ts";
import { SegmentSink, type SegmentSinkConfig } from "../../sinks/segment/segment-sink.ts";
import { startJob } from "../job.ts";
import { collector } from "./collector.ts";
import type { GivenRecord } from "./given-records.ts";
import { GivenSource } from "./given-source.ts";
import { type LimiterUse, limiterUse } from "./limiter-use.ts";
import { ScriptedSegment, type SeenRequest } from "./scripted-segment.ts";

/** A case that does not end by then never will. */
const MAX_VIRTUAL_MS = 24 * 3_600_000;
/** Stands in the body of every request: the product's own would change expectations with each release. */
const VERSION = "test";

export interface Outcome {
  readonly events: readonly unknown[];
  /** The same by name of the sink. */
  readonly sinks: Readonly<Record<string, readonly unknown[]>>;
  readonly drops: Readonly<Record<string, number>>;
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Why each dead letter is one, shortened: for whoever reads a failed case. */
  readonly reasons: readonly string[];
  readonly acked: number;
  readonly requests: readonly SeenRequest[];
  readonly limiter: Readonly<Record<string, LimiterUse>>;
  /** The run did not end by itself. `code`: as in `sluice explain`; undefined when it has none. */
  readonly failure?: { readonly code: string | undefined; readonly message: string };
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export async function runCase(
  pipeline: LoadedPipeline,
  { segment, startsAt }: Pick<TestCase, "segment" | "startsAt">,
  given: readonly GivenRecord[],
): Promise<Outcome> {
  const clock = new VirtualClock(startsAt === undefined ? undefined : Date.parse(startsAt));
  const http = new ScriptedSegment(segment, clock, Math.min(...pipeline.sinks.map(timeoutMs)));
  const source = new GivenSource(given, clock);
  const tally = new Tally(pipeline.sinks);
  const job = await startJob(
    {
      ...pipeline,
      sinks: pipeline.sinks.map((sink) => scripted(sink, http)),
      deadLetters: { ...pipeline.deadLetters, ...collector },
    },
    { clock, random: () => 0.5, log: silent, wrapSource: () => source, observer: tally.observer },
  );
  let ended = false;
  let failure: Outcome["failure"];
  const done = job.run.done.then(({ error, gaveBack }) => {
    ended = true;
    if (error) failure = { code: codeOf(error), message: error.message };
    else if (gaveBack > 0) failure = { code: undefined, message: `${gaveBack} records were given back` };
  });
  try {
    await clock.runUntil(() => ended, MAX_VIRTUAL_MS);
    await done;
  } catch (error) {
    job.run.abort();
    await done;
    const why = error instanceof Error ? error.message : String(error);
    failure = { code: undefined, message: `the run does not end: ${why}` };
  }
  const { events, sinks, drops, deadLetters, reasons } = tally;
  return {
    ...{ events, sinks, drops, deadLetters, reasons, acked: source.acked, requests: http.seen },
    limiter: limiterUse(http.seen, job.metrics),
    ...(failure === undefined ? {} : { failure }),
  };
}

class Tally {
  readonly events: unknown[] = [];
  readonly sinks: Readonly<Record<string, unknown[]>>;
  readonly drops: Record<string, number> = {};
  readonly deadLetters: Record<string, number> = {};
  readonly reasons: string[] = [];

  constructor(sinks: readonly LoadedSink[]) {
    this.sinks = Object.fromEntries(sinks.map(({ name }) => [name, []]));
  }

  readonly observer: NonNullable<Parameters<typeof startJob>[1]["observer"]> = {
    delivered: (_, items, sink) => {
      const delivered = items.map(({ text }) => JSON.parse(text) as unknown);
      this.events.push(...delivered);
      this.sinks[sink]?.push(...delivered);
    },
    dropped: (_, __, { reason }) => add(this.drops, reason),
    deadLettered: ({ code, message }) => {
      add(this.deadLetters, code);
      this.reasons.push(`${code}: ${message.slice(0, 200)}`);
    },
  };
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Segment is scripted; anything else just takes what it is given. */
function scripted(sink: LoadedSink, http: ScriptedSegment): LoadedSink {
  const { definition } = sink;
  if (definition.type !== "segment")
    return { ...sink, ...collector, definition: { ...collector.definition, type: definition.type } };
  return {
    ...sink,
    definition: {
      ...definition,
      // The loader has checked the configuration against the stage's schema.
      create: (config, context) =>
        new SegmentSink(config as SegmentSinkConfig, context, VERSION, http) as Sink,
    },
  };
}

function timeoutMs({ definition, config }: LoadedSink): number {
  return definition.type === "segment" ? (config as SegmentSinkConfig).timeoutMs : Number.POSITIVE_INFINITY;
}
