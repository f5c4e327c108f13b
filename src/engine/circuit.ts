// A circuit breaker for one lane.
//
// closed --(5 failures in a row, or half of the last 20, at least 10)--> open --(wait 1 s, doubling to maxRetryMs)-->
// half-open: one small write is let through --(it succeeds)--> closed, --(it fails)--> open again, for longer.

import type { Clock } from "./clock.ts";

const FAILURES_IN_A_ROW = 5;
const RING = 20;
const RING_MIN = 10;
const FIRST_WAIT_MS = 1_000;

export type CircuitState = "closed" | "open" | "half-open";

export class Circuit {
  private current: CircuitState = "closed";
  private reopenAtMs = 0;
  private openings = 0;
  private inARow = 0;
  private recent: boolean[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private longestWaitMs: number,
  ) {}

  change(longestWaitMs: number): void {
    this.longestWaitMs = longestWaitMs;
  }

  get state(): CircuitState {
    if (this.current === "open" && this.clock.nowMs() >= this.reopenAtMs) this.current = "half-open";
    return this.current;
  }

  /** Milliseconds until the next write may be tried; 0 unless open. */
  waitMs(): number {
    return this.state === "open" ? Math.max(0, this.reopenAtMs - this.clock.nowMs()) : 0;
  }

  /** Something was mended: the next write is the try, now. */
  retryNow(): void {
    if (this.current === "open") this.reopenAtMs = this.clock.nowMs();
  }

  success(): void {
    this.inARow = 0;
    this.remember(false);
    if (this.current === "closed") return;
    this.current = "closed";
    this.openings = 0;
    this.recent = [];
  }

  failure(): void {
    this.inARow += 1;
    this.remember(true);
    const failed = this.recent.filter(Boolean).length;
    const tooMany = this.recent.length >= RING_MIN && failed * 2 >= this.recent.length;
    if (
      this.state === "half-open" ||
      (this.current === "closed" && (this.inARow >= FAILURES_IN_A_ROW || tooMany))
    ) {
      this.open();
    }
  }

  private open(): void {
    const longest = Math.min(this.longestWaitMs, FIRST_WAIT_MS * 2 ** this.openings);
    this.openings = Math.min(this.openings + 1, 16);
    this.current = "open";
    // Between half and all of the wait: enough jitter to part the replicas, never a hammer.
    this.reopenAtMs = this.clock.nowMs() + longest * (0.5 + this.random() / 2);
  }

  private remember(failed: boolean): void {
    this.recent.push(failed);
    if (this.recent.length > RING) this.recent.shift();
  }
}
