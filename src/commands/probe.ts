// Asks each destination of a pipeline whether a write would be accepted, without writing an event.

import type { LoadedPipeline } from "../config/load.ts";
import type { LoadedSink } from "../config/sinks.ts";
import { systemClock } from "../engine/clock.ts";
import type { Logger, Sink } from "../engine/contracts.ts";
import { toError } from "../engine/errors.ts";
import { createLog, type LogLevel } from "./logger.ts";

const PROBE_TIMEOUT_MS = 15_000;

/** Prints a line per destination; true when all would accept. */
export async function probeAll(pipelines: readonly LoadedPipeline[], level: LogLevel): Promise<boolean> {
  let fine = true;
  for (const pipeline of pipelines) {
    const log = await createLog({ level, pretty: process.stderr.isTTY, scrubbers: [pipeline.scrubber] });
    for (const sink of pipeline.sinks) fine = (await probeSink(pipeline, sink, log)) && fine;
  }
  return fine;
}

async function probeSink(pipeline: LoadedPipeline, loaded: LoadedSink, log: Logger): Promise<boolean> {
  const { definition, config, name } = loaded;
  const sink = await definition.create(config as never, {
    pipeline: pipeline.name,
    stage: definition.type,
    log,
    clock: systemClock,
    random: Math.random,
    baseDir: pipeline.baseDir,
    destinations: pipeline.destinations,
    enablement: pipeline.enablement,
    count() {},
    gauge() {},
  });
  const where = pipeline.sinks.length > 1 ? `${pipeline.name}: ${name}:` : `${pipeline.name}:`;
  let fine = true;
  try {
    for (const lane of lanesOf(pipeline, loaded)) {
      const said = await probe(sink, lane);
      fine &&= said === undefined;
      const text = said === undefined ? "would accept" : `would not accept: ${pipeline.scrubber.scrub(said)}`;
      process.stdout.write(`${where} ${lane} ${text}\n`);
    }
  } finally {
    await sink.close();
  }
  return fine;
}

function lanesOf(pipeline: LoadedPipeline, { definition }: LoadedSink): readonly string[] {
  if (definition.accepts !== "segment-event") return ["main"];
  return pipeline.destinations.all().flatMap(({ id, on }) => (on ? [id] : []));
}

/** What is wrong, or undefined. */
async function probe(sink: Sink, lane: string): Promise<string | undefined> {
  try {
    await sink.probe(lane, AbortSignal.timeout(PROBE_TIMEOUT_MS));
    return undefined;
  } catch (error) {
    return toError(error).message;
  }
}
