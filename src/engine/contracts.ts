// The contracts between the engine and its stages.
//
// Words: a source hands over *records*; a record is one message, or one *block* of a file that holds many
// entries under one receipt. Transforms turn *values* into values; sinks write *batches* of them. Only the
// engine settles a record: a stage sees a read-only Origin and cannot acknowledge anything.

import type { Static, TSchema } from "typebox";

import type { Clock } from "./clock.ts";
import type { DataError, SinkFault } from "./errors.ts";
import type { DataBlock } from "./packed.ts";
import type { Once } from "./once.ts";
import type { SegmentDestinationConfig } from "./segment-destination.ts";

/** Where a value came from: all that a stage may see of its record. */
export interface Origin {
  /** Stable and unique within its source: the Pub/Sub message id, or `file:offset#index`. */
  readonly id: string;
  /** The raw bytes of this entry, exactly as received. Kept for dead letters. */
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  /** Wall clock, Unix milliseconds; 0 when the source does not know. */
  readonly publishedAtMs: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** Set when `body` is one bare Avro datum of a container file: the schema it was written with. */
  readonly writerSchema: WriterSchema | undefined;
  /** How often it came back from the dead letters, this time included; absent: it comes from its source. */
  readonly redrives?: number | undefined;
}

/** An Avro schema as found in a file or a registry. `key` is equal only for equal schemas: it is a cache key. */
export interface WriterSchema {
  readonly key: string;
  readonly json: string;
}

export type BodyForm = WriterSchema | "json";

export type Settlement = "ack" | "nack";

/**
 * What a source hands over. The engine calls `settle` exactly once for each record it was offered; it may do
 * so synchronously, in any order, long after the offer, and it never throws into the engine.
 */
export interface SourceRecord extends Origin {
  settle(how: Settlement): void;
  /**
   * Present on a block: lists its entries, each with its own id and body. Called once, after the record was
   * admitted. All entries share the block's receipt. A DataError thrown here dead-letters the whole block.
   */
  entries?(): Iterable<Origin>;
  /** Present on a block that a fused plan may take whole. */
  readonly block?: DataBlock | undefined;
}

export interface Intake {
  /**
   * Hands a record to the engine. `undefined`: it was admitted. A promise: there is no room; it resolves when
   * the record was admitted, or given back because the run stops (then it is already settled "nack"). At most
   * one offer may wait at a time. After `signal` of `run` aborted, offers are given back at once.
   */
  offer(record: SourceRecord): Promise<void> | undefined;
}

export interface Source {
  /**
   * Called once. Offers records until its input ends (bounded source: resolves) or `signal` aborts (resolves soon
   * after, without giving back what was offered). A rejection fails the run. Settlements go on arriving after it.
   */
  run(intake: Intake, signal: AbortSignal): Promise<void>;
  /** Called once, after the last settlement: flushes acknowledgements, saves checkpoints, frees everything. */
  close(): Promise<void>;
  /** Whether what was given back will come again by itself (true for Pub/Sub). For messages only. */
  readonly redelivers: boolean;
}

/** A value that goes no further. Counted by reason; the record is acked. Share one object per reason. */
export class Drop {
  constructor(
    readonly reason: string,
    /** For example the flag key; counted with bounded cardinality. */
    readonly detail: string = "",
  ) {}
}

/** 0..n values in place of one. A DataError among them becomes a dead letter; the others go on. */
export class Many<Out> {
  constructor(readonly values: readonly (Out | DataError)[]) {}
}

/**
 * Pure and synchronous; called once per value, never concurrently. Throws DataError when this value is bad: it is
 * dead-lettered with the raw body. Any other throw is a bug of the stage: dead-lettered as `bug`, logged at error.
 */
export type Apply<In, Out> = (value: In, origin: Origin) => Out | Drop | Many<Out>;

export interface Transform<In = unknown, Out = unknown> {
  readonly apply: Apply<In, Out>;
  /**
   * The one asynchronous exception, for what must be fetched before `apply` can work (an Avro schema revision not
   * seen before). `undefined` means ready: the normal case, cheap. A rejection with DataError dead-letters the
   * value; any other is weather: the engine holds the value and calls again, with backoff, as long as it takes.
   */
  prepare?(origin: Origin): Promise<void> | undefined;
  /**
   * On a stage that decodes: what form a body has that needs no preparing, the schema of one bare Avro datum or a JSON
   * document. Undefined: it is something else, or bad. What it names may be read past the stage, by a fused plan.
   */
  formOf?(origin: Origin): BodyForm | undefined;
  /** Lets each key through once: asked before `apply`. A stage that has it needs no `prepare`. */
  readonly once?: Once;
  close?(): Promise<void>;
}

/** Encoded once: measured, batched and sent as it is. `bytes` is the UTF-8 length of `text`. */
export interface Encoded<T> {
  readonly value: T;
  readonly text: string;
  readonly bytes: number;
  readonly origin: Origin;
}

/** What one write may carry. `bytes` includes `envelopeBytes` and one `separatorBytes` per item after the first. */
export interface BatchLimits {
  readonly count: number;
  readonly bytes: number;
  readonly itemBytes: number;
  readonly envelopeBytes: number;
  readonly separatorBytes: number;
}

/** Rates are per second; Infinity means no limit. */
export interface Rates {
  readonly events: number;
  readonly requests: number;
  readonly bytes: number;
}

export interface LaneSettings {
  readonly rates: Rates;
  /** Most writes under way at once. */
  readonly concurrency: number;
  /** How long a first item may wait for company, in ms. 0: a batch is whatever waits when a slot is free. */
  readonly lingerMs: number;
  /** How often a parked lane is probed, in ms. */
  readonly probeMs: number;
  readonly maxRetryMs?: number; // Longest wait for the next try while it is unavailable. Default 60,000.
  readonly isGone?: boolean; // Nothing can be delivered any more, so nothing is waited for.
}

export interface Batch<In = unknown> {
  readonly lane: string;
  readonly items: readonly Encoded<In>[];
  readonly bytes: number; // Sum of item bytes and separators, without the envelope.
  readonly attempt: number; // 1 for the first try of these items together.
  /** A sink may note the answer here, for traces; nothing is decided by it. `requestId` is the other side's. */
  answer?: { readonly status: number; readonly requestId?: string | undefined } | undefined;
}

export interface Sink<In = unknown> {
  readonly limits: BatchLimits;
  /** The lane a value belongs to: one queue, limiter, backoff and circuit each. */
  laneOf(value: In): string;
  /** Called when a lane is first used, and again after `refreshLanes`. */
  laneSettings(lane: string): LaneSettings;
  /** Throws DataError for a value that the destination would never take. */
  encode(value: In): string;
  /** What each copy of an event carries, and no other event of its lane. Absent: copies cannot be told. */
  idOf?(value: In): string;
  /**
   * One attempt. Resolves with nothing: all delivered. With an array aligned to `items`: null = delivered, a
   * fault = this item only. Throws SinkFault: the fault holds for the whole batch. Throws anything else: a
   * bug, the run fails. Must settle soon after `signal` aborts.
   */
  write(batch: Batch<In>, signal: AbortSignal): Promise<undefined | readonly (SinkFault | null)[]>;
  /** A cheap proof that a write to this lane would be accepted. Throws SinkFault when not. */
  probe(lane: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What travels between stages. Neighbours must agree; "any" fits all. */
export type Shape = "bytes" | "export-event" | "segment-event" | "any";

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A configured receiver of events, as far as the engine and the stages need to know it. */
export interface Destination {
  readonly id: string;
  readonly name: string;
  /** LaunchDarkly project id or key; undefined: any project of that environment. */
  readonly project: string | undefined;
  readonly environment: string;
  readonly kind: "segment";
  readonly on: boolean;
  readonly version: number;
  readonly config: SegmentDestinationConfig;
}

export interface Destinations {
  /** The enabled destinations of an environment; a stable, possibly empty array. */
  forEnvironment(project: string, environment: string): readonly Destination[];
  get(id: string): Destination | undefined;
  all(): readonly Destination[];
}

export interface Enablement {
  /** What is exported from an environment; undefined: it is not listed, so nothing is. */
  forEnvironment(project: string, environment: string): EnvironmentExport | undefined;
}

export interface EnvironmentExport {
  /** Every flag, and every click, page and custom event. */
  readonly allFlags: boolean;
  readonly flags: ReadonlySet<string>;
  /** Click, page and custom events. */
  readonly events: boolean;
}

/** The world, passed in. Stages take time, randomness, logs and configuration from here only. */
export interface RunContext {
  readonly pipeline: string;
  readonly stage: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Relative paths in the configuration are taken from here: the folder of the YAML file. */
  readonly baseDir: string;
  readonly destinations: Destinations;
  readonly enablement: Enablement;
  /** Adds to a metric of `metrics.ts`. Per chunk or per batch, not per value. */
  count(metric: string, n: number, labels?: Readonly<Record<string, string>>): void;
  gauge(metric: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

interface Common<C extends TSchema> {
  /** The YAML `type`; equal to the file name. Sources and sinks are nouns, transforms are verb-first. */
  readonly type: string;
  /** One sentence, for `--help`, the docs and the editor. */
  readonly summary: string;
  /** TypeBox object: gives validation, the static type, defaults, docs and the editor schema. */
  readonly config: C;
  /** A full example that sets every key; a test loads it. */
  readonly example: Readonly<Record<string, unknown>>;
  /** Dead-letter codes this stage can produce -> what each means and what to do. */
  readonly rejects?: Readonly<Record<string, string>>;
  /** Cross-field rules: yields problems with the path inside the stage's config. A promise: it loads something first. */
  check?(config: Static<C>): Iterable<StageProblem> | Promise<Iterable<StageProblem>>;
}

export interface StageProblem {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
  readonly offset?: number; // 0-based: where in the text at `path`, when that is an expression.
}

export interface SourceDefinition<C extends TSchema = TSchema> extends Common<C> {
  readonly role: "source";
  readonly emits: Shape;
  create(config: Static<C>, context: RunContext): Source | Promise<Source>;
}

export interface TransformDefinition<C extends TSchema = TSchema> extends Common<C> {
  readonly role: "transform";
  readonly accepts: Shape;
  readonly emits: Shape;
  shapeOf?(config: Static<C>): Shape; // It takes any shape, but with this configuration only one.
  /** Drop reasons this stage can produce -> what each means. */
  readonly drops?: Readonly<Record<string, string>>;
  create(config: Static<C>, context: RunContext): Transform | Promise<Transform>;
}

export interface SinkDefinition<C extends TSchema = TSchema> extends Common<C> {
  readonly role: "sink";
  readonly accepts: Shape;
  create(config: Static<C>, context: RunContext): Sink | Promise<Sink>;
}

export type StageDefinition = SourceDefinition | TransformDefinition | SinkDefinition;
type Without<T> = Omit<T, "role">;
// The registry lists definitions of many config types, so their own type is erased here, once.
export function defineSource<C extends TSchema>(definition: Without<SourceDefinition<C>>): SourceDefinition {
  return { role: "source", ...definition } as unknown as SourceDefinition;
}

export function defineTransform<C extends TSchema>(
  definition: Without<TransformDefinition<C>>,
): TransformDefinition {
  return { role: "transform", ...definition } as unknown as TransformDefinition;
}

export function defineSink<C extends TSchema>(definition: Without<SinkDefinition<C>>): SinkDefinition {
  return { role: "sink", ...definition } as unknown as SinkDefinition;
}
