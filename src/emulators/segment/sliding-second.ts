// How much happened in the last second, at any instant: a true sliding window, not buckets, because a sender
// that bursts across a bucket's edge must be seen. The window is (now - 1000 ms, now].

const WINDOW_MS = 1_000;
const COMPACT_AT = 4_096;

export class SlidingSecond {
  private times: number[] = [];
  private amounts: number[] = [];
  private head = 0;
  private total = 0;
  private highest = 0;

  /** The most ever seen within one sliding second. */
  get max(): number {
    return this.highest;
  }

  /** The amount within the second that ends at `nowMs`. */
  sum(nowMs: number): number {
    while (this.head < this.times.length && this.times[this.head]! <= nowMs - WINDOW_MS) {
      this.total -= this.amounts[this.head]!;
      this.head++;
    }
    if (this.head > COMPACT_AT) {
      this.times = this.times.slice(this.head);
      this.amounts = this.amounts.slice(this.head);
      this.head = 0;
    }
    return this.total;
  }

  add(nowMs: number, amount: number): void {
    this.sum(nowMs);
    this.times.push(nowMs);
    this.amounts.push(amount);
    this.total += amount;
    if (this.total > this.highest) this.highest = this.total;
  }

  /**
   * Whether `amount` more keeps within `limit`. What is larger than the limit by itself fits into an empty
   * second; otherwise it would fit never.
   */
  fits(nowMs: number, amount: number, limit: number): boolean {
    const current = this.sum(nowMs);
    return current === 0 || current + amount <= limit;
  }
}
