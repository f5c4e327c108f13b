// The transforms of one run, as a Highland stream of chunks.
//
// A chunk is whatever waited, at most CHUNK values. Chunks and not single values, because per-value plumbing costs
// more than much of the real work, and because Highland forgets a value whose stage throws: here every value is tried
// on its own, inside the stage, next to its receipt. The stream is synchronous from end to end; back-pressure is the
// ledger's business, so nothing in it ever pauses.

import _ from "highland";

import { fullJitterMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { Drop, Logger, Origin, Transform } from "./contracts.ts";
import type { Guard } from "./crash-loop.ts";
import { DataError, toError } from "./errors.ts";
import type { Receipt } from "./ledger.ts";
import type { Cell, Metrics } from "./metrics.ts";
import { asDataError, StageRunner } from "./stage-runner.ts";

const CHUNK = 256;

export interface Item {
  readonly value: unknown;
  readonly origin: Origin;
  readonly receipt: Receipt;
}

/** `stage`: the index of the first stage that has not seen these items. */
interface Chunk {
  readonly stage: number;
  readonly items: readonly Item[];
}

export interface PlannedTransform {
  /** The YAML type. */
  readonly type: string;
  readonly transform: Transform;
}

export interface PipelineEvents {
  moved?(arrow: number, items: readonly Item[]): void; // As `RunObserver.moved`.
  /** Items that passed every transform. */
  passed(items: readonly Item[]): void;
  dropped(item: Item, stage: string, drop: Drop): void;
  rejected(item: Item, stage: string, error: DataError): void;
  /** A bug of the engine: the run fails. */
  bug(error: unknown): void;
}

export interface PipelineContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Watches after an unclean start only. */
  readonly guard?: Guard | undefined;
}

export class Pipeline {
  private readonly head = _<Chunk>();
  private waiting: Item[] = [];
  private flushScheduled = false;
  private stopped = false;
  private readonly retries = new Set<() => void>();
  private readonly values: Cell;

  constructor(
    stages: readonly PlannedTransform[],
    private readonly context: PipelineContext,
    private readonly events: PipelineEvents,
  ) {
    this.values = context.metrics.cell("values_total");
    const runners = stages.map(
      (stage, index) => new StageRunner(stage, index, context, (item) => this.again(index, item)),
    );
    const tail = runners.reduce(
      (stream, runner) => stream.map((chunk) => this.runStage(runner, chunk)),
      this.head as Highland.Stream<Chunk>,
    );
    tail.each((chunk) => {
      if (chunk.items.length > 0) events.passed(chunk.items);
    });
  }

  /** Takes in an admitted record. Work is done per chunk: now if one is full, else as soon as the caller yields. */
  push(receipt: Receipt): void {
    const { record } = receipt;
    if (record.entries) this.expand(receipt);
    else this.waiting.push({ value: record.body, origin: record, receipt });
    this.flushSoon();
  }

  /** Takes in one entry of a block; its receipt has a part for it. */
  pushEntry(origin: Origin, receipt: Receipt): void {
    this.waiting.push({ value: origin.body, origin, receipt });
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.waiting.length >= CHUNK) this.flush();
    else if (!this.flushScheduled) {
      this.flushScheduled = true;
      queueMicrotask(() => {
        this.flushScheduled = false;
        this.flush();
      });
    }
  }

  /** No more values come; what is held is left to the ledger. */
  stop(): void {
    this.stopped = true;
    for (const giveUp of this.retries) giveUp();
    this.retries.clear();
    this.head.end();
  }

  private expand(receipt: Receipt): void {
    let count = 0;
    try {
      for (const origin of receipt.record.entries?.() ?? []) {
        if (count > 0) receipt.add(1);
        count += 1;
        this.waiting.push({ value: origin.body, origin, receipt });
      }
    } catch (error) {
      // What was listed before the damage goes on; one more part stands for the rest of the block.
      if (count > 0) receipt.add(1);
      const item = { value: receipt.record.body, origin: receipt.record, receipt };
      if (!(error instanceof DataError)) {
        this.context.log.error(
          { id: item.origin.id, err: error },
          "a block could not be listed; it is dead-lettered",
        );
      }
      this.events.rejected(item, "source", asDataError(error));
      return;
    }
    if (count === 0) receipt.done();
  }

  private flush(): void {
    if (this.stopped || this.waiting.length === 0) return;
    const items = this.waiting;
    this.waiting = [];
    this.values.value += items.length;
    this.events.moved?.(0, items);
    for (let start = 0; start < items.length; start += CHUNK) {
      this.inject({ stage: 0, items: items.length <= CHUNK ? items : items.slice(start, start + CHUNK) });
    }
  }

  private inject(chunk: Chunk): void {
    const { guard } = this.context;
    if (guard?.watching) this.injectOneByOne(chunk, guard);
    else this.write(chunk);
  }

  private injectOneByOne({ stage, items }: Chunk, guard: Guard): void {
    for (const item of items) {
      const poison = guard.around(item.origin.id, () => this.write({ stage, items: [item] }));
      if (poison) this.events.rejected(item, "engine", poison);
    }
  }

  private write(chunk: Chunk): void {
    try {
      this.head.write(chunk);
    } catch (error) {
      this.events.bug(error);
    }
  }

  private runStage(runner: StageRunner, chunk: Chunk): Chunk {
    if (chunk.stage > runner.index) return chunk;
    const hold = (item: Item, ready: Promise<void>) => this.hold(runner, item, ready);
    const stage = runner.index + 1;
    const items = runner.run(chunk.items, this.events, hold);
    if (items.length > 0) this.events.moved?.(stage, items);
    return { stage, items };
  }

  private again(stage: number, item: Item): void {
    if (!this.stopped) this.inject({ stage, items: [item] });
  }

  /** Weather before a transform: the value waits, its record stays in flight, others pass it by. */
  private hold(runner: StageRunner, item: Item, ready: Promise<void>): void {
    runner.held.value += 1;
    this.waitFor(runner, item, ready, 1);
  }

  /** It counts as held until it goes on, between the tries as well. */
  private waitFor(runner: StageRunner, item: Item, ready: Promise<void>, tries: number): void {
    ready.then(
      () => {
        runner.held.value -= 1;
        this.again(runner.index, item);
      },
      (error: unknown) => {
        const isWeather = !(error instanceof DataError);
        if (isWeather && !this.stopped) return this.tryAgain(runner, item, toError(error), tries);
        runner.held.value -= 1;
        if (!isWeather && !this.stopped) this.events.rejected(item, runner.type, error);
      },
    );
  }

  private tryAgain(runner: StageRunner, item: Item, error: Error, tries: number): void {
    if (tries === 1) {
      this.context.log.warn(
        { stage: runner.type, id: item.origin.id, err: error },
        "a stage cannot get what it needs for a value; it is held and tried again",
      );
    }
    const wait = fullJitterMs(tries, this.context.random);
    const cancel = this.context.clock.after(wait, () => {
      this.retries.delete(giveUp);
      const ready = runner.prepare(item.origin);
      if (ready) {
        this.waitFor(runner, item, ready, tries + 1);
        return;
      }
      runner.held.value -= 1;
      this.inject({ stage: runner.index, items: [item] });
    });
    const giveUp = () => {
      cancel();
      runner.held.value -= 1;
    };
    this.retries.add(giveUp);
  }
}
