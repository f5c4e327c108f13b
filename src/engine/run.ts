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

import { Admission, type Heir } from "./admission.ts";
import type { Clock } from "./clock.ts";
import { closeAll } from "./close-all.ts";
import type { Drop, Logger, SourceRecord } from "./contracts.ts";
import type { Guard } from "./crash-loop.ts";
import { DeadLetters, DeadLetterWindow, type Rejection } from "./dead-letters.ts";
import { DropCounter } from "./drop-counter.ts";
import { type DataError, reasonOf, type SinkFault, toError } from "./errors.ts";
import type { AroundWrite } from "./attempt-write.ts";
import type { LaneItem } from "./lane-queue.ts";
import type { LimiterMaker } from "./limiter.ts";
import { type FusedIntake, fusedIntake } from "./fused-intake.ts";
import { allDone, Ledger } from "./ledger.ts";
import type { Cell, Metrics } from "./metrics.ts";
import type { RunObserver, WriteNote } from "./observers.ts";
import { type Item, Pipeline } from "./pipeline.ts";
import type { Plan, RunLane } from "./plan.ts";
import { RunInside } from "./run-inside.ts";
import { otherDestination, type PlannedSink, Router, ROUTING } from "./router.ts";
import type { SharedLimiters } from "./shared-limiters.ts";

export type { RunObserver } from "./observers.ts";

export interface World {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly observer?: RunObserver | undefined;
  readonly guard?: Guard | undefined;
  readonly aroundWrite?: AroundWrite | undefined;
  readonly limiterOf?: LimiterMaker | undefined;
  /** Of the process: the rate of a destination holds over all of its runs. */
  readonly limiters?: SharedLimiters | undefined;
}

export type RunState = "running" | "draining" | "stopped" | "failed";

export interface RunResult {
  readonly state: "stopped" | "failed";
  /** Records given back undelivered; they come again if the source redelivers. */
  readonly gaveBack: number;
  readonly error?: Error;
}

type Rejected = Pick<Item, "origin" | "receipt" | "value">;
/** `destination` and `sink`: the only one that misses it. */
type Where = Pick<Rejection, "stage" | "destination" | "sink">;

export class Run implements Heir {
  readonly metrics: Metrics;
  private readonly ledger: Ledger;
  private readonly admission: Admission;
  private readonly published = { acked: 0, nacked: 0, handedOver: 0 };
  private readonly pipeline: FusedIntake;
  private readonly router: Router;
  private readonly drops: DropCounter;
  private readonly deadLetters: DeadLetters;
  private readonly window: DeadLetterWindow;
  private readonly intakeStop = new AbortController();
  private readonly hardStop = new AbortController();
  private readonly hardStopped = new Promise<void>((resolve) => {
    this.hardStop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  private readonly received: Cell;
  private current: RunState = "running";
  private failure: Error | undefined;
  private cancelDeadline: (() => void) | undefined;
  readonly done: Promise<RunResult>;
  readonly inside: RunInside;
  /** Asked to stop, or made to by a failure; false while it drains because its input ended. */
  readonly stopping = () => this.intakeStop.signal.aborted || this.failure !== undefined;

  constructor(
    private readonly plan: Plan,
    private readonly world: World,
  ) {
    this.metrics = world.metrics;
    this.received = world.metrics.cell("records_received_total");
    setMaxListeners(0, this.hardStop.signal); // One per write under way, which the lanes bound; each is removed.
    this.ledger = new Ledger(plan.inFlight, () => this.admission.admitWaiting());
    this.admission = new Admission(this.ledger, (receipt) => this.pipeline.push(receipt));
    this.window = new DeadLetterWindow(plan.deadLetterWindow.size, plan.deadLetterWindow.max);
    this.deadLetters = this.createDeadLetters();
    this.drops = new DropCounter(world.metrics);
    this.router = this.createRouter();
    this.inside = new RunInside(this.ledger, this.router);
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
    this.drain();
    this.armDeadline();
  }

  /** A stop in favour of a run on the same source: it gets what waits for room, and what time runs out for. */
  handOver(heir: Heir): void {
    this.admission.handOver(heir);
    this.stop();
  }

  adopt(record: SourceRecord, taken = () => {}): boolean {
    const { heir } = this.admission;
    if (heir) return heir.adopt(record, taken);
    if (this.intakeStop.signal.aborted) return false;
    this.admission.adopt(record, taken);
    return true;
  }

  /** To be called when destinations were edited. */
  refreshLanes(): void {
    if (this.current === "running" || this.current === "draining") this.router.refreshLanes();
  }

  /** See `Router.reserve`. Undefined: this run sends nothing any more. */
  reserve(lane: string, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    return this.current === "running" ? this.router.reserve(lane, bytes, signal) : undefined;
  }

  /** The lanes in use: those that were sent to. */
  lanes(): readonly RunLane[] {
    return [...this.router.lanes()].map(({ sink, lane }) => ({ sink, ...lane.view() }));
  }

  /** Gives back everything now. */
  abort(): void {
    this.intakeStop.abort();
    this.hardStop.abort();
  }

  /** What only the run knows, put into the metrics; other runs may count in the same. */
  publishGauges(): void {
    this.metrics.set("run_state", ["running", "draining", "stopped", "failed"].indexOf(this.current));
    for (const { lane } of this.router.lanes()) lane.publishGauges();
    this.metrics.set("records_in_flight", this.ledger.records);
    this.metrics.set("bytes_in_flight", this.ledger.bytes);
    const { acked, nacked, handedOver } = this.ledger;
    this.metrics.count("records_acked_total", acked - this.published.acked);
    this.metrics.count("records_given_back_total", nacked - this.published.nacked);
    this.metrics.count("records_handed_over_total", handedOver - this.published.handedOver);
    Object.assign(this.published, { acked, nacked, handedOver });
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

  private createRouter(): Router {
    const { plan, world, window } = this;
    const context = { ...world, signal: this.hardStop.signal };
    const several = plan.sinks.length > 1;
    const events = {
      delivered(sink: PlannedSink, lane: string, items: readonly LaneItem[], write: WriteNote) {
        window.good(items.length);
        world.observer?.delivered?.(lane, items, sink.name, write);
        allDone(items);
      },
      rejected: (item: Item, error: DataError | SinkFault, sink: PlannedSink, lane: string | undefined) =>
        this.deadLetter(item, error, {
          stage: sink.type,
          destination: lane,
          sink: several ? sink.name : undefined,
        }),
      dropped: (item: Item, drop: Drop) => this.drop(item, ROUTING, drop),
      bug: (error: unknown) => this.fail(error),
    };
    return new Router(plan.sinks, context, events, plan.only);
  }

  private createPipeline(): FusedIntake {
    const { plan, world, window } = this;
    const pipeline = new Pipeline(plan.transforms, world, {
      moved: (arrow, items) => {
        this.inside.moved[arrow] = (this.inside.moved[arrow] ?? 0) + items.length;
        world.observer?.moved?.(arrow, items);
      },
      passed: (items) => this.router.accept(items),
      dropped: (item, stage, drop) => this.drop(item, stage, drop),
      rejected: (item, stage, error) => {
        const { destination } = error;
        const isNew = destination === undefined || (plan.only?.concerns(item.origin, destination) ?? true);
        if (isNew) this.deadLetter(item, error, { stage, destination });
        else this.drop(item, stage, otherDestination);
      },
      bug: (error) => this.fail(error),
    });
    return fusedIntake({ ...plan, observer: world.observer, inside: this.inside }, pipeline, {
      values: world.metrics.cell("values_total"),
      drops: this.drops,
      guard: world.guard,
      good: (count) => window.good(count),
      deliver: (items) => this.router.acceptEncoded(items),
      bug: (error) => this.fail(error),
    });
  }

  private drop(item: Item, stage: string, drop: Drop): void {
    this.window.good(1);
    this.drops.count(stage, drop);
    this.world.observer?.dropped?.(item.origin, stage, drop, item.value);
    item.receipt.done();
  }

  /** The record's part is done only when the letter is durable. */
  private deadLetter(item: Rejected, error: DataError | SinkFault, where: Where): void {
    const { origin, receipt, value } = item;
    const reason = reasonOf(error);
    this.world.observer?.rejected?.({ origin, value, ...reason, ...where });
    this.deadLetters.add({ origin, ...reason, ...where }, () => receipt.done());
  }

  private async live(): Promise<RunResult> {
    await Promise.resolve(); // Not before the constructor is done.
    const intake = { offer: (record: SourceRecord) => this.offer(record) };
    const ended = this.plan.source.run(intake, this.intakeStop.signal).catch((error: unknown) => {
      this.failure ??= toError(error);
      this.armDeadline();
    });
    await Promise.race([ended, this.hardStopped]);
    this.current = "draining";
    this.drain();
    await this.ledger.whenEmpty(this.hardStop.signal);
    const gaveBack = await this.close();
    this.current = this.failure ? "failed" : "stopped";
    return { state: this.current, gaveBack, ...(this.failure ? { error: this.failure } : {}) };
  }

  private drain(): void {
    this.router.drain();
    this.deadLetters.drain();
  }

  private offer(record: SourceRecord): Promise<void> | undefined {
    this.received.value += 1;
    if (!this.intakeStop.signal.aborted) return this.admission.offer(record);
    this.admission.refuse(record);
    return undefined;
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
    this.router.stop();
    this.deadLetters.stop();
    this.pipeline.stop();
    const gaveBack = this.admission.close((record) => this.world.observer?.gaveBack?.(record));
    this.hardStop.abort();
    const { source, transforms, sinks, deadLetters, fused } = this.plan;
    const stages = [...transforms.map(({ transform }) => transform), ...sinks.map(({ sink }) => sink)];
    const parts = [source, ...stages, deadLetters, fused, this.world.guard];
    const failure = await closeAll(parts, this.world.log);
    this.failure ??= failure;
    this.publishGauges();
    return gaveBack;
  }
}
