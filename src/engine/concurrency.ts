// How many writes of a lane may be under way: additive increase, multiplicative decrease. It starts at the
// maximum, since the rate limit is known and the limiter starts gently; trouble brings it down.

export class Concurrency {
  private limit: number;

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

  success(): void {
    this.limit = Math.min(this.max, this.limit + 1 / this.limit);
  }

  trouble(): void {
    this.limit = Math.max(1, this.limit / 2);
  }
}
