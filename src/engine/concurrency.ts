// How many writes of a lane may be under way: additive increase, multiplicative decrease. It starts at the
// maximum, since the rate limit is known and the limiter starts gently; trouble brings it down, and so does an answer
// that took much longer than answers used to. Whoever is slow all the time is not slowing down: the memory of what is
// usual follows, and the limit grows again.

/** Nothing that is answered within this time is slow, in ms. */
const QUICK_MS = 500;
/** Slow is what took so many times as long as usual. */
const SLOW_FACTOR = 3;
/** Weight of the newest answer in what is usual: a lasting change is taken for usual after some three answers. */
const NEWEST = 0.2;

export class Concurrency {
  private limit: number;
  private usualMs = 0;
  /** When an answer was slow for the last time. */
  private fellAtMs = Number.NEGATIVE_INFINITY;

  constructor(private max: number) {
    this.limit = max;
  }

  /** Whole writes allowed at once; at least 1. */
  get allowed(): number {
    return Math.max(1, Math.floor(this.limit));
  }

  change(max: number): void {
    if (max === this.max) return;
    this.limit = this.limit >= this.max ? max : Math.min(this.limit, max);
    this.max = max;
  }

  /** A write was answered; both times are monotonic. What was under way at a fall says nothing more. */
  answered(startedAtMs: number, nowMs: number): void {
    if (startedAtMs < this.fellAtMs) return;
    const tookMs = nowMs - startedAtMs;
    const isSlow = tookMs > Math.max(QUICK_MS, SLOW_FACTOR * this.usualMs);
    this.usualMs += (tookMs - this.usualMs) * NEWEST;
    if (isSlow) {
      this.fellAtMs = nowMs;
      this.trouble();
    } else this.limit = Math.min(this.max, this.limit + 1 / this.limit);
  }

  trouble(): void {
    this.limit = Math.max(1, this.limit / 2);
  }
}
