// What a lane knows about its destination's condition, and what that allows.
//
//   open -------- 429 -------> throttled --(the time it asked for)--> open
//    |----- 5 failures -----> broken ----(circuit, see circuit.ts)--> open
//    `-- 401/403/404/… -----> parked ----(a probe succeeds)---------> open

import { defaultBackoff, fullJitterMs, RetryBudget } from "./backoff.ts";
import { Circuit } from "./circuit.ts";
import type { Clock } from "./clock.ts";
import { Concurrency } from "./concurrency.ts";
import type { LaneSettings, Logger } from "./contracts.ts";
import type { SinkFault } from "./errors.ts";

export type LaneState = "open" | "throttled" | "broken" | "parked";

const THROTTLE_JITTER = 0.1;

type HealthSettings = Pick<LaneSettings, "concurrency" | "maxRetryMs">;

export interface HealthContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

export class LaneHealth {
  private readonly circuit: Circuit;
  private readonly concurrency: Concurrency;
  private readonly budget = new RetryBudget();
  private throttledUntilMs = 0;
  private throttles = 0;
  private isParked = false;
  private maxRetryMs: number;
  private saidCode = "";

  constructor(
    private readonly lane: string,
    { concurrency, maxRetryMs = defaultBackoff.maxMs }: HealthSettings,
    private readonly context: HealthContext,
  ) {
    this.maxRetryMs = maxRetryMs;
    this.circuit = new Circuit(context.clock, context.random, maxRetryMs);
    this.concurrency = new Concurrency(concurrency);
  }

  get state(): LaneState {
    if (this.isParked) return "parked";
    if (this.throttledUntilMs > this.context.clock.nowMs()) return "throttled";
    return this.circuit.state === "closed" ? "open" : "broken";
  }

  get parked(): boolean {
    return this.isParked;
  }

  get writesAllowed(): number {
    return this.concurrency.allowed;
  }

  /** One small write at a time, to see whether the destination is back. */
  get halfOpen(): boolean {
    return this.circuit.state === "half-open";
  }

  /** While the retry budget is spent, only one retry may be under way. */
  retriesAllowed(underWay: number): boolean {
    return underWay === 0 || !this.budget.exhausted;
  }

  /** Milliseconds until the next write may be tried; 0: now. */
  waitMs(): number {
    const throttled = this.throttledUntilMs - this.context.clock.nowMs();
    return throttled > 0 ? throttled : this.circuit.waitMs();
  }

  /** How long events of a write that failed wait for their next try. */
  retryDelayMs(attempt: number): number {
    return fullJitterMs(attempt, this.context.random, { ...defaultBackoff, maxMs: this.maxRetryMs });
  }

  /** The destination answered as a healthy one does, be it with yes or no, a write that began then. */
  answered(startedAtMs: number): void {
    if (this.circuit.state !== "closed") {
      this.context.log.info({ destination: this.lane }, "destination answers again");
    }
    this.circuit.success();
    this.concurrency.answered(startedAtMs, this.context.clock.nowMs());
    this.budget.success();
    this.throttles = 0;
  }

  /** The destination was edited. What it asked for still holds, unless nothing is sent to it any more. */
  refresh({ concurrency, maxRetryMs = defaultBackoff.maxMs, isGone }: LaneSettings): void {
    this.concurrency.change(concurrency);
    this.maxRetryMs = maxRetryMs;
    this.circuit.change(maxRetryMs);
    this.circuit.retryNow();
    if (isGone) this.throttledUntilMs = 0;
  }

  throttled(fault: SinkFault): void {
    const now = this.context.clock.nowMs();
    if (this.throttledUntilMs <= now) {
      this.throttles += 1;
      this.concurrency.trouble();
    }
    const own = Math.min(this.maxRetryMs, 1000 * 2 ** Math.min(this.throttles - 1, 6));
    const wait = (fault.retryAfterMs ?? own) * (1 + this.context.random() * THROTTLE_JITTER);
    this.throttledUntilMs = Math.max(this.throttledUntilMs, now + wait);
    const fields = { destination: this.lane, waitMs: Math.round(wait), code: fault.code };
    this.context.log.warn(fields, "destination asks to slow down; the lane pauses");
  }

  failed(fault: SinkFault): void {
    const before = this.circuit.state;
    this.circuit.failure();
    this.concurrency.trouble();
    this.budget.failure();
    if (this.circuit.state === "closed") return;
    // Said once, and again when the reason changes: a reset first, then an expired certificate for hours.
    if (before !== "closed" && fault.code === this.saidCode) return;
    this.saidCode = fault.code;
    const fields = { destination: this.lane, code: fault.code, err: fault };
    this.context.log.warn(fields, "destination is unavailable; its events are held");
  }

  /** True when this parked it; false when it was parked already. */
  park(fault: SinkFault): boolean {
    if (this.isParked) return false;
    this.isParked = true;
    this.context.log.error(
      { destination: this.lane, code: fault.code, err: fault },
      "destination refuses everything; its events are held and it is probed until someone mends it",
    );
    return true;
  }

  unpark(): void {
    this.isParked = false;
    this.context.log.info({ destination: this.lane }, "destination accepts again");
  }
}
