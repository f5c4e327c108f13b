// From a checked definition to a running pipeline: makes each stage with its part of the world, and the Run.

import { join } from "node:path";

import type { LoadedPipeline } from "../config/load.ts";
import type { LoadedSink } from "../config/sinks.ts";
import type { LoadedStage } from "../config/stages.ts";
import { type Clock, systemClock } from "../engine/clock.ts";
import type { Logger, RunContext, Sink, SinkDefinition, Source } from "../engine/contracts.ts";
import type { CrashGuard, Guard } from "../engine/crash-loop.ts";
import { EventLag } from "../engine/event-lag.ts";
import { labelled } from "../engine/labelled-log.ts";
import type { AroundWrite } from "../engine/attempt-write.ts";
import { type Labels, Metrics } from "../engine/metrics.ts";
import { allOf } from "../engine/observers.ts";
import type { FusedPlan, RecordsPlan } from "../engine/packed.ts";
import type { PlannedTransform } from "../engine/pipeline.ts";
import type { RunObserver } from "../engine/observers.ts";
import type { Only, PlannedSink } from "../engine/router.ts";
import { Run } from "../engine/run.ts";
import type { RateSharing } from "../rates/rate-sharing.ts";
import type { SharedLimiters } from "../engine/shared-limiters.ts";
import { openCrashGuard } from "./crash-state.ts";
import { rotating } from "./dead-letter-files.ts";
import type { KeptParts } from "./run/kept-parts.ts";

export interface JobOptions {
  readonly log: Logger;
  readonly observer?: RunObserver | undefined;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Transforms put after the one that made the given shape: a backfill's time window, for example. */
  readonly inserted?: readonly InsertedTransform[];
  /** Does what all transforms and the sink's encoding do, for the blocks that it takes. */
  readonly fused?: FusedPlan | undefined;
  /** The same for messages. */
  readonly fusedRecords?: RecordsPlan | undefined;
  /** Puts something around the source or a sink: a limit, a dry run. */
  readonly wrapSource?: (source: Source) => Source;
  readonly wrapSink?: ((sink: Sink, context: RunContext) => Sink) | undefined;
  readonly wrapDeadLetters?: (sink: Sink) => Sink;
  /** A redrive: what is still to be done. */
  readonly only?: Only;
  readonly inFlight?: { readonly records: number; readonly bytes: number };
  readonly aroundWrite?: AroundWrite | undefined;
  /** Who else uses the rates of the destinations; undefined: nobody. */
  readonly rates?: RateSharing | undefined;
  /** Where the crash-loop breaker keeps what must outlive the process; undefined: there is no breaker. */
  readonly stateDir?: string | undefined;
  /** In place of one from `stateDir`: it outlives the run. */
  readonly guard?: Guard | undefined;
  /** Those of the process. */
  readonly limiters?: SharedLimiters | undefined;
  /** What outlives a reload. */
  readonly parts?: KeptParts;
}

export interface InsertedTransform extends PlannedTransform {
  /** It goes after the last transform that emits this shape. */
  readonly after: "export-event" | "segment-event";
}

export interface Job {
  readonly run: Run;
  readonly metrics: Metrics;
  /** Brings the metrics up to date; to be called before they are read. */
  readonly publishGauges: () => void;
  /** Rejects with SinkFault when a dead letter could not be written now. */
  readonly probeDeadLetters: (signal: AbortSignal) => Promise<void>;
}

/** Rejects when a stage cannot be made; what was made before it is closed again. */
export async function startJob(pipeline: LoadedPipeline, options: JobOptions): Promise<Job> {
  const { parts } = options;
  const metrics = parts?.metrics ?? new Metrics();
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const contextOf = (stage: string, sink?: string): RunContext => ({
    pipeline: pipeline.name,
    stage,
    log: labelled(options.log, { pipeline: pipeline.name, stage, ...(sink === undefined ? {} : { sink }) }),
    clock,
    random,
    baseDir: pipeline.baseDir,
    destinations: pipeline.destinations,
    enablement: pipeline.enablement,
    count: (metric, n, labels) => metrics.count(metric, n, labelsOf(labels, sink)),
    gauge: (metric, value, labels) => metrics.set(metric, value, labelsOf(labels, sink)),
  });
  const made: { close?(): Promise<void> }[] = [];
  const create = async <T>({ definition, config }: Maker<T>, context: RunContext) =>
    definition.create(config as never, context);
  const noted = <T extends { close?(): Promise<void> }>(part: T): T => {
    made.push(part);
    return part;
  };
  const makeSink = async (stage: LoadedStage<SinkDefinition>, name?: string): Promise<Sink> => {
    const make = () => create<Sink>(stage, contextOf(stage.definition.type, name));
    return noted(await (parts?.sink(stage, pipeline.baseDir, make) ?? make()));
  };
  const makeSource = async (stage: LoadedPipeline["source"]): Promise<Source> => {
    const context = contextOf(stage.definition.type);
    const make = (gauge = context.gauge) => create<Source>(stage, { ...context, gauge });
    return noted(await (parts?.source(stage, pipeline.baseDir, context.gauge, make) ?? make()));
  };
  const planned = async (stage: LoadedSink): Promise<PlannedSink> => {
    const { name, when, definition } = stage;
    const sink = await makeSink(stage, name);
    const { log } = contextOf("when", name);
    return {
      name,
      type: definition.type,
      sink: options.wrapSink?.(sink, contextOf(definition.type, name)) ?? sink,
      ...(when === undefined ? {} : { takes: (await conditions()).predicateOf(when, { clock, log }) }),
    };
  };
  try {
    const guard = options.guard ?? (await openGuard(pipeline, options, clock));
    if (guard) made.push(guard);
    const transforms = [...(options.inserted ?? [])];
    const steps: PlannedTransform[] = [];
    for (const stage of pipeline.transforms) {
      steps.push({
        type: stage.definition.type,
        transform: noted(await create(stage, contextOf(stage.definition.type))),
      });
      steps.push(...take(transforms, pipeline.transforms, stage));
    }
    const deadLetters = await makeSink(await rotating(pipeline.deadLetters, pipeline.baseDir));
    const sinks: PlannedSink[] = [];
    for (const stage of pipeline.sinks) sinks.push(await planned(stage));
    const source = await makeSource(pipeline.source);
    // Of what comes from a file, the age says nothing about us.
    const lag = source.redelivers ? new EventLag(metrics, clock) : undefined;
    const run = new Run(
      {
        name: pipeline.name,
        configVersion: pipeline.hash.slice(0, 12),
        source: options.wrapSource?.(source) ?? source,
        transforms: steps,
        fused: options.fused,
        fusedRecords: options.fusedRecords,
        sinks,
        deadLetters: options.wrapDeadLetters?.(deadLetters) ?? deadLetters,
        deadLetterWindow: pipeline.deadLetters.window,
        inFlight: options.inFlight ?? pipeline.inFlight,
        drainMs: pipeline.drainMs,
        only: options.only,
      },
      {
        clock,
        random,
        log: labelled(options.log, { pipeline: pipeline.name }),
        metrics,
        observer: lag && options.observer ? allOf(lag, options.observer) : (lag ?? options.observer),
        guard,
        aroundWrite: options.aroundWrite,
        limiters: options.limiters,
        limiterOf: options.rates?.limiters({ clock, log: options.log, metrics }),
      },
    );
    return {
      run,
      metrics,
      publishGauges: () => {
        lag?.turn();
        run.publishGauges();
      },
      probeDeadLetters: (signal) => deadLetters.probe("dead-letters", signal),
    };
  } catch (error) {
    await Promise.allSettled(made.map((part) => part.close?.()));
    throw error;
  }
}

export async function openGuard(
  { name }: LoadedPipeline,
  { stateDir, log }: Pick<JobOptions, "stateDir" | "log">,
  clock: Clock,
): Promise<CrashGuard | undefined> {
  if (stateDir === undefined) return undefined;
  return openCrashGuard(join(stateDir, name), { clock, log: labelled(log, { pipeline: name }) });
}

interface Maker<T> {
  readonly definition: { readonly type: string; create(config: never, context: RunContext): T | Promise<T> };
  readonly config: unknown;
}

/** Takes out of `waiting` those that belong after `stage`: the last one that emits their shape. */
function take(
  waiting: InsertedTransform[],
  stages: LoadedPipeline["transforms"],
  stage: LoadedPipeline["transforms"][number],
): PlannedTransform[] {
  const lastOf = (shape: string) => stages.findLast(({ definition }) => definition.emits === shape);
  const here = waiting.filter(({ after }) => lastOf(after) === stage);
  for (const one of here) waiting.splice(waiting.indexOf(one), 1);
  return here;
}

/** What a sink counts is told apart by its name; transforms and sources count for the pipeline. */
function labelsOf(labels: Labels | undefined, sink: string | undefined): Labels | undefined {
  return sink === undefined ? labels : { sink, ...labels };
}

/** CEL is loaded when a sink has a condition. */
function conditions() {
  return import("../expressions/when.ts");
}
