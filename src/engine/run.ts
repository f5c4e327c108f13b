// One run of one pipeline, from start to stop.
//
//   running --(input ended)------------------> draining, however long it takes --> stopped
//      |------(stop asked)-------------------> draining, at most drainMs --------> stopped (gaveBack > 0 if time ran out)
//      |------(the source failed)------------> draining, at most drainMs --------> failed
//      `------(a bug; too many dead letters)-> failed; all in flight is given back
//
// Draining: no intake, lanes flush, the ledger empties. Then source, transforms, sink and dead letters close, in that order.
// This is the only place that connects the parts, and the ledger is the only thing that settles.

import { setMaxListeners } from "node:events";

import type { Clock } from "./clock.ts";
import { closeAll } from "./close-all.ts";
import type { Drop, Logger, Origin, Sink, Source, SourceRecord } from "./contracts.ts";
import type { CrashGuard } from "./crash-loop.ts";
import { type DeadLetter, DeadLetters, DeadLetterWindow } from "./dead-letters.ts";
import { Delivery } from "./delivery.ts";
import { DropCounter } from "./drop-counter.ts";
import { type DataError, SinkFault, toError } from "./errors.ts";
import type { AroundWrite, LaneView } from "./lane.ts";
import type { LaneItem } from "./lane-queue.ts";
import { FusedIntake } from "./fused-intake.ts";
import { Ledger, type LedgerLimits } from "./ledger.ts";
import type { Cell, Metrics } from "./metrics.ts";
import type { FusedPlan } from "./packed.ts";
import { type Item, Pipeline, type PlannedTransform } from "./pipeline.ts";

export interface Plan {
  readonly name: string;
  readonly configVersion: string;
  readonly source: Source;
  readonly transforms: readonly PlannedTransform[];
  /** All transforms and the sink's encoding as one, for the blocks that it takes. */
  readonly fused?: FusedPlan | undefined;
  readonly sink: Sink;
  readonly sinkType: string;
  readonly deadLetters: Sink;
  readonly deadLetterWindow: { readonly size: number; readonly max: number };
  readonly inFlight: LedgerLimits;
  readonly drainMs: number;
}

export interface World {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly observer?: RunObserver | undefined;
  readonly guard?: CrashGuard | undefined;
  readonly aroundWrite?: AroundWrite | undefined;
}

/** For whoever watches: live tables, traces, tests. Called per batch or value; must be quick and not throw. */
export interface RunObserver {
  delivered?(lane: string, items: readonly LaneItem[]): void;
  dropped?(origin: Origin, stage: string, drop: Drop, value: unknown): void;
  deadLettered?(letter: DeadLetter): void;
}

export type RunState = "running" | "draining" | "stopped" | "failed";

export interface RunResult {
  readonly state: "stopped" | "failed";
  /** Records given back undelivered; they come again if the source redelivers. */
  readonly gaveBack: number;
  readonly error?: Error;
}

type Rejected = Pick<Item, "origin" | "receipt">;

export class Run {
  readonly metrics: Metrics;
  private readonly ledger: Ledger;
  private readonly pipeline: FusedIntake;
  private readonly delivery: Delivery;
  private readonly deadLetters: DeadLetters;
  private readonly window: DeadLetterWindow;
  private readonly intakeStop = new AbortController();
  private readonly hardStop = new AbortController();
  private readonly hardStopped = new Promise<void>((resolve) => {
    this.hardStop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  private readonly received: Cell;
  private readonly waitingOffers: { record: SourceRecord; taken: () => void }[] = [];
  private current: RunState = "running";
  private failure: Error | undefined;
  private cancelDeadline: (() => void) | undefined;
  readonly done: Promise<RunResult>;

  constructor(
    private readonly plan: Plan,
    private readonly world: World,
  ) {
    this.metrics = world.metrics;
    this.received = world.metrics.cell("records_received_total");
    setMaxListeners(0, this.hardStop.signal); // One per write under way, which the lanes bound; each is removed.
    this.ledger = new Ledger(plan.inFlight, () => this.admitWaiting());
    this.window = new DeadLetterWindow(plan.deadLetterWindow.size, plan.deadLetterWindow.max);
    this.deadLetters = this.createDeadLetters();
    this.delivery = this.createDelivery();
    this.pipeline = this.createPipeline();
    this.done = this.live();
  }

  get state(): RunState {
    return this.current;
  }

  get inFlight(): { readonly records: number; readonly bytes: number } {
    return { records: this.ledger.records, bytes: this.ledger.bytes };
  }

  /** Stops intake and drains for at most `drainMs`; what is left then is given back. Safe to call again. */
  stop(): void {
    this.intakeStop.abort();
    if (this.current !== "running" && this.current !== "draining") return;
    this.delivery.drain();
    this.armDeadline();
  }

  /** To be called when destinations were edited. */
  refreshLanes(): void {
    if (this.current === "running" || this.current === "draining") this.delivery.refreshLanes();
  }

  /** See `Delivery.reserve`. Undefined: this run sends nothing any more. */
  reserve(lane: string, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    return this.current === "running" ? this.delivery.reserve(lane, bytes, signal) : undefined;
  }

  /** The lanes in use: those that were sent to. */
  lanes(): readonly LaneView[] {
    const view = ({ name, state, waiting, writing }: LaneView) => ({ name, state, waiting, writing });
    return [...this.delivery.all()].map(view);
  }

  /** Gives back everything now. */
  abort(): void {
    this.intakeStop.abort();
    this.hardStop.abort();
  }

  /** A snapshot of what only the run knows, put into the metrics. */
  publishGauges(): void {
    this.metrics.set("run_state", ["running", "draining", "stopped", "failed"].indexOf(this.current));
    for (const lane of this.delivery.all()) lane.publishGauges();
    this.metrics.set("records_in_flight", this.ledger.records);
    this.metrics.set("bytes_in_flight", this.ledger.bytes);
    this.metrics.set("records_acked_total", this.ledger.acked);
    this.metrics.set("records_given_back_total", this.ledger.nacked);
  }

  private createDeadLetters(): DeadLetters {
    const { plan, world, window } = this;
    return new DeadLetters({
      pipeline: plan.name,
      configVersion: plan.configVersion,
      sink: plan.deadLetters,
      ...world,
      window,
      onDrowning: (error) => this.fail(error),
      onBug: (error) => this.fail(error),
      onWritten: (letter) => world.observer?.deadLettered?.(letter),
    });
  }

  private createDelivery(): Delivery {
    const { plan, world, window } = this;
    return new Delivery(
      plan.sink,
      { ...world, signal: this.hardStop.signal },
      {
        delivered(lane, items) {
          window.good(items.length);
          world.observer?.delivered?.(lane, items);
          for (const item of items) item.receipt.done();
        },
        rejected: (item, error, lane) => this.deadLetter(item, plan.sinkType, error, lane),
        bug: (error) => this.fail(error),
      },
    );
  }

  private createPipeline(): FusedIntake {
    const { plan, world, window } = this;
    const drops = new DropCounter(world.metrics);
    const pipeline = new Pipeline(plan.transforms, world, {
      passed: (items) => this.delivery.accept(items),
      dropped(item, stage, drop) {
        window.good(1);
        drops.count(stage, drop);
        world.observer?.dropped?.(item.origin, stage, drop, item.value);
        item.receipt.done();
      },
      rejected: (item, stage, error) => this.deadLetter(item, stage, error),
      bug: (error) => this.fail(error),
    });
    return new FusedIntake(world.observer?.dropped ? undefined : plan.fused, pipeline, {
      values: world.metrics.cell("values_total"),
      drops,
      guard: world.guard,
      good: (count) => window.good(count),
      deliver: (items, lanes) => this.delivery.acceptEncoded(items, lanes),
      bug: (error) => this.fail(error),
    });
  }

  /** The record's part is done only when the letter is durable. */
  private deadLetter(
    item: Rejected,
    stage: string,
    error: DataError | SinkFault,
    destination?: string,
  ): void {
    const { code, message } = error;
    const isDeliberate = error instanceof SinkFault && error.isDeliberate;
    const { origin, receipt } = item;
    this.deadLetters.add({ origin, stage, code, message, destination, isDeliberate }, () => receipt.done());
  }

  private async live(): Promise<RunResult> {
    await Promise.resolve(); // Not before the constructor is done.
    const { source } = this.plan;
    const intake = { offer: (record: SourceRecord) => this.offer(record) };
    const ended = source.run(intake, this.intakeStop.signal).catch((error: unknown) => {
      this.failure ??= toError(error);
      this.armDeadline();
    });
    await Promise.race([ended, this.hardStopped]);
    this.current = "draining";
    this.delivery.drain();
    await this.ledger.whenEmpty(this.hardStop.signal);
    const gaveBack = await this.close();
    this.current = this.failure ? "failed" : "stopped";
    return { state: this.current, gaveBack, ...(this.failure ? { error: this.failure } : {}) };
  }

  private offer(record: SourceRecord): Promise<void> | undefined {
    this.received.value += 1;
    if (this.intakeStop.signal.aborted) {
      this.ledger.nacked += 1;
      record.settle("nack");
      return undefined;
    }
    if (this.waitingOffers.length === 0 && this.ledger.hasRoom(record.body.byteLength)) {
      this.pipeline.push(this.ledger.admit(record));
      return undefined;
    }
    return new Promise((taken) => this.waitingOffers.push({ record, taken }));
  }

  private admitWaiting(): void {
    while (this.waitingOffers.length > 0 && !this.ledger.abandoned) {
      const first = this.waitingOffers[0]!;
      if (!this.ledger.hasRoom(first.record.body.byteLength)) return;
      this.waitingOffers.shift();
      this.pipeline.push(this.ledger.admit(first.record));
      first.taken();
    }
  }

  private fail(error: unknown): void {
    if (this.failure) return;
    this.failure = toError(error);
    this.world.log.error({ err: this.failure }, "the run fails; what is in flight is given back");
    this.abort();
  }

  private armDeadline(): void {
    this.cancelDeadline ??= this.world.clock.after(this.plan.drainMs, () => this.hardStop.abort());
  }

  private async close(): Promise<number> {
    this.cancelDeadline?.();
    this.delivery.stop();
    this.deadLetters.stop();
    this.pipeline.stop();
    const gaveBack = this.giveBack();
    this.hardStop.abort();
    const { source, transforms, sink, deadLetters } = this.plan;
    const closers = [source, ...transforms.map(({ transform }) => transform), sink, deadLetters];
    const failure = await closeAll([...closers, this.plan.fused, this.world.guard], this.world.log);
    this.failure ??= failure;
    this.publishGauges();
    return gaveBack;
  }

  private giveBack(): number {
    const inHand = this.ledger.giveBackAll();
    const waiting = this.waitingOffers.splice(0);
    for (const { record, taken } of waiting) {
      this.ledger.nacked += 1;
      record.settle("nack");
      taken();
    }
    return inHand + waiting.length;
  }
}
