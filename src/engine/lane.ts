// A lane: one destination's queue, limiter and health. What happens to one lane never delays another.
//
// Natural batching: `pump` runs whenever something changed (work came, a write ended, a timer fired). While a write
// slot and a rate token are free it sends whatever waits, up to the sink's limits. The rate limit is the linger.

import assert from "node:assert";

import { type AroundWrite, attemptWrite, Bug, isAnswer, type Outcome } from "./attempt-write.ts";
import type { Batch, LaneSettings, Sink } from "./contracts.ts";
import { SinkFault } from "./errors.ts";
import { FailedWrites } from "./failed-writes.ts";
import { byFault } from "./fault-groups.ts";
import { type HealthContext, LaneHealth } from "./lane-health.ts";
import { LaneProbe } from "./lane-probe.ts";
import type { LaneView } from "./lane-view.ts";
import { type Again, type LaneItem, LaneQueue, type Taken } from "./lane-queue.ts";
import { LaneMetrics } from "./lane-metrics.ts";
import { rateNews } from "./rate-news.ts";
import { LearningLimiter } from "./learning-limiter.ts";
import { Limiter, type LimiterMaker } from "./limiter.ts";
import type { Metrics } from "./metrics.ts";
import type { WriteNote } from "./observers.ts";
import { Reservations } from "./reservations.ts";

export interface LaneEvents {
  /** Accepted with 2xx. */
  delivered(lane: string, items: readonly LaneItem[], write: WriteNote): void;
  rejected(lane: string, item: LaneItem, fault: SinkFault): void;
  /** A bug in the sink or the engine: the run fails. */
  bug(error: unknown): void;
}

export interface LaneContext extends HealthContext {
  readonly metrics: Metrics;
  /** Name of the sink, for metrics. */
  readonly sink: string;
  /** Aborts writes under way, for a stop that ran out of time. */
  readonly signal: AbortSignal;
  readonly aroundWrite?: AroundWrite | undefined;
  /** Makes the limiter of a lane; undefined: the rate is this lane's alone. */
  readonly limiterOf?: LimiterMaker | undefined;
}

interface LaneBatch extends Taken, WriteNote {
  readonly lane: string;
  answer?: Batch["answer"];
}

const HALF_OPEN_EVENTS = 10;
/** Waits are sums of fractions: one that is too small to move the clock would spin. */
const SHORTEST_WAIT_MS = 0.01;
const NEVER = Number.POSITIVE_INFINITY;

export class Lane {
  private readonly queue = new LaneQueue();
  private readonly limiter: LearningLimiter;
  private readonly health: LaneHealth;
  private readonly failed: FailedWrites;
  private writes = 0;
  private written = 0;
  private retries = 0;
  private draining = false;
  private wasThrottled = false;
  private stopped = false;
  private limiterWaitSinceMs = -1;
  private cancelTimer: () => void = () => {};
  private readonly probe: LaneProbe;
  private readonly reservations = new Reservations();
  private readonly metrics: LaneMetrics;
  private readonly now = () => this.context.clock.nowMs();

  constructor(
    readonly name: string,
    private readonly sink: Sink,
    private settings: LaneSettings,
    private readonly context: LaneContext,
    private readonly events: LaneEvents,
  ) {
    const largest = sink.limits.itemBytes + sink.limits.envelopeBytes;
    const { clock, limiterOf, log } = context;
    const alone = () => new Limiter(clock, settings.rates, largest);
    const configured = limiterOf?.(name, settings.rates, largest, () => this.pump()) ?? alone();
    this.limiter = new LearningLimiter(clock, configured, settings.rates, rateNews(name, log));
    this.health = new LaneHealth(name, settings, context);
    this.failed = new FailedWrites(name, context);
    this.probe = new LaneProbe(context.clock, settings.probeMs, {
      probe: () => sink.probe(name, context.signal),
      accepts: () => {
        this.health.unpark();
        this.pump();
      },
      bug: (error) => events.bug(error),
    });
    this.metrics = new LaneMetrics(context.metrics, { sink: context.sink, destination: name });
  }

  view(): LaneView {
    const { state, writesAllowed } = this.health;
    const { name, writes: writing } = this;
    const own = { name, state, waiting: this.queue.waiting, writing, writesAllowed };
    return { ...own, rates: this.settings.rates, used: this.limiter.used() };
  }

  /** Whether an event of this record waits here. Looks at all: not for the hot path. */
  readonly holds = (recordId: string): boolean => this.queue.holds(recordId);

  /** Adds an event. The caller calls `pump` once after a chunk, not per event. */
  push(item: LaneItem): void {
    if (this.writes === 0 && this.queue.waiting === 0) this.limiter.idled();
    this.queue.push(item, this.now);
  }

  /** No more waiting for company: what is here goes as soon as it may. */
  drain(): void {
    this.draining = true;
    this.pump();
  }

  /** The destination was edited: new rates now, and whatever kept it from sending is tried again. */
  refresh(settings: LaneSettings): void {
    this.settings = settings;
    this.limiter.change(settings.rates, settings.isGone);
    this.health.refresh(settings);
    this.queue.hurry();
    if (this.health.parked) this.probe.soon(settings.probeMs);
    this.pump();
  }

  /** Resolves when one event of `bytes` (envelope included) may be sent past the queue, and counts it as sent. */
  reserve(bytes: number, signal: AbortSignal): Promise<void> {
    const granted = this.reservations.add(bytes, signal);
    this.pump();
    return granted;
  }

  /** Sets the gauges that change by themselves. */
  publishGauges(): void {
    this.metrics.looked(this.health.state, this.health.writesAllowed, this.limiter);
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer();
    this.probe.stop();
    this.limiter.close();
  }

  pump(): void {
    this.cancelTimer();
    let wait = this.stopped ? NEVER : this.reservations.serve(this.limiter);
    while (wait === 0 && !this.health.parked && this.hasSlot) wait = this.sendNext();
    if (wait !== 0 && wait !== NEVER)
      this.cancelTimer = this.context.clock.after(Math.max(SHORTEST_WAIT_MS, wait), () => this.pump());
    this.metrics.pumped(this.queue.waiting, this.writes, this.health.state);
  }

  private get hasSlot(): boolean {
    return this.writes === 0 || (this.writes < this.health.writesAllowed && !this.limiter.isCareful);
  }

  /** Sends one batch and returns 0, or returns the ms to wait before trying again (NEVER: for an event). */
  private sendNext(): number {
    const now = this.context.clock.nowMs();
    const sick = this.health.waitMs();
    if (sick > 0) return sick;
    // Not all at once that was saved up while it paused: it may be less now that is allowed.
    if (this.wasThrottled) this.limiter.idled();
    this.wasThrottled = false;
    const { halfOpen } = this.health;
    if (halfOpen && this.writes > 0) return NEVER;

    const again = this.queue.readyAgain(now, this.health.retriesAllowed(this.retries));
    const idle = again ? 0 : this.waitForWork(now);
    if (idle > 0) return idle;

    const first = again ? again.items[0] : this.queue.firstFresh();
    assert(first, "there is work, so there is a first item");
    const { count, bytes, envelopeBytes, separatorBytes } = this.sink.limits;
    const least = first.bytes + envelopeBytes;
    const room = this.limiter.room(least, () => this.queue.wanted(again, this.sink.limits));
    if (room.events < 1 || room.bytes < least) {
      if (this.limiterWaitSinceMs < 0) this.limiterWaitSinceMs = now;
      return this.limiter.waitMs(least) || SHORTEST_WAIT_MS;
    }
    this.endLimiterWait(now);

    const events = Math.min(count, room.events, halfOpen ? HALF_OPEN_EVENTS : NEVER);
    const limits = { events, bytes: Math.min(bytes, room.bytes), envelopeBytes, separatorBytes };
    const taken = again ? this.queue.takeAgain(again, limits) : this.queue.takeFresh(limits, now);
    this.limiter.spend(taken.items.length, taken.bytes + envelopeBytes);
    this.written += 1;
    const attempt = again?.attempt ?? 1;
    const note = { lane: this.name, attempt, number: this.written, startedAtMs: now };
    void this.send({ ...taken, ...note }, again?.retry ?? false);
    return 0;
  }

  /** 0 when new events may go; else ms until they lingered long enough or a retry is due. */
  private waitForWork(now: number): number {
    const fresh = this.queue.freshCount;
    const untilRetry = this.queue.untilNextAgain(now);
    if (fresh === 0) return untilRetry;
    const lingered = this.queue.lingeredMs(now);
    if (this.draining || fresh >= this.sink.limits.count || lingered >= this.settings.lingerMs) return 0;
    return Math.min(untilRetry, this.settings.lingerMs - lingered);
  }

  private endLimiterWait(now: number): void {
    if (this.limiterWaitSinceMs < 0) return;
    this.metrics.limiterWait.value += (now - this.limiterWaitSinceMs) / 1000;
    this.limiterWaitSinceMs = -1;
  }

  private async send(batch: LaneBatch, retry: boolean): Promise<void> {
    this.writes += 1;
    if (retry) this.retries += 1;
    const startedMs = this.context.clock.nowMs();
    const outcome = await attemptWrite(this.sink, batch, this.context);
    this.metrics.wrote(batch.items.length, batch.bytes, this.context.clock.nowMs() - startedMs);
    const bytes = batch.bytes + this.sink.limits.envelopeBytes;
    if (isAnswer(outcome))
      this.limiter.answered({ atMs: batch.startedAtMs, events: batch.items.length, bytes });
    this.writes -= 1;
    if (retry) this.retries -= 1;
    if (this.stopped) return; // Given back as a whole already: the answer comes too late to matter.
    try {
      this.judge(batch, outcome);
      this.pump();
    } catch (error) {
      this.events.bug(error);
    }
  }

  private judge(batch: LaneBatch, outcome: Outcome): void {
    if (outcome instanceof Bug) {
      this.events.bug(outcome.error);
      return;
    }
    if (outcome instanceof SinkFault) {
      this.metrics.ended(outcome.kind);
      this.failed.add(batch, outcome);
      if (outcome.kind === "rejected" && batch.items.length > 1) this.bisect(batch);
      else this.fault(batch.items, outcome, batch);
      return;
    }
    this.metrics.ended(outcome ? "partial" : "delivered");
    this.health.answered(batch.startedAtMs);
    if (outcome === undefined) {
      this.delivered(batch.items, batch);
      return;
    }
    this.delivered(
      batch.items.filter((_, i) => outcome[i] === null),
      batch,
    );
    for (const [fault, items] of byFault(batch.items, outcome)) {
      this.failed.add({ ...batch, items }, fault);
      this.fault(items, fault, batch);
    }
  }

  private delivered(items: readonly LaneItem[], write: WriteNote): void {
    if (items.length === 0) return;
    this.limiter.accepted(write.startedAtMs, items.length);
    this.metrics.delivered(items);
    this.events.delivered(this.name, items, write);
  }

  /** Some of these are bad, and only they may pay for it. */
  private bisect({ items, attempt, startedAtMs }: LaneBatch): void {
    this.metrics.split();
    this.health.answered(startedAtMs);
    const middle = Math.ceil(items.length / 2);
    const half = (part: readonly LaneItem[]): Again => ({ items: part, attempt, readyAtMs: 0, retry: false });
    this.queue.putFirst(half(items.slice(0, middle)), half(items.slice(middle)));
  }

  private fault(items: readonly LaneItem[], fault: SinkFault, { attempt, startedAtMs }: LaneBatch): void {
    if (fault.kind === "rejected") {
      this.health.answered(startedAtMs);
      for (const item of items) this.events.rejected(this.name, item, fault);
      return;
    }
    this.metrics.retried(items.length, fault.code);
    if (fault.kind === "unavailable") {
      this.health.failed(fault);
      const readyAtMs = this.context.clock.nowMs() + this.health.retryDelayMs(attempt);
      this.queue.putLater({ items, attempt: attempt + 1, readyAtMs, retry: true });
      return;
    }
    this.queue.putFirst({ items, attempt, readyAtMs: 0, retry: false });
    if (fault.kind === "throttled") {
      this.metrics.askedToWait(fault.retryAfterMs ?? 0);
      if (!this.limiter.refused(startedAtMs, items.length)) return;
      this.health.throttled(fault);
      this.wasThrottled = true;
    } else if (this.health.park(fault)) this.probe.later();
  }
}
