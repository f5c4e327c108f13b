// A request counts at the receiver from when it arrives, which is not known here. It is known when it was answered, and
// how long the quickest take: what took longer may have arrived so much later than one that is sent after it will. So
// that much longer it counts here. Two requests sent a second apart then arrive a second apart or more, on a busy machine
// too.

/** The longest that a machine stands still and goes on as if nothing was, in ms. */
const LONGEST_MS = 1_000;
/** The limiter's own margin covers this much, in ms. */
const COVERED_MS = 2;
/** The quickest of the last one to two of these counts: a way that became longer is soon the usual one. */
const REMEMBERED_MS = 10_000;
/** So long after the first answer nobody knows what is quick: a program that starts may have stood still until now. */
const UNKNOWN_MS = 2_000;

export class Lateness {
  private shortestMs = Number.POSITIVE_INFINITY;
  private shortestBeforeMs = Number.POSITIVE_INFINITY;
  private sinceMs = Number.NEGATIVE_INFINITY;
  private knownAtMs: number | undefined;

  /** What the quickest answers take; 0 until there was one. */
  get usualMs(): number {
    const shortest = Math.min(this.shortestMs, this.shortestBeforeMs);
    return Number.isFinite(shortest) ? shortest : 0;
  }

  /** How much later than sent, beyond the usual, a request may have arrived that was answered after `tookMs`; in ms. */
  of(tookMs: number, nowMs: number): number {
    if (nowMs - this.sinceMs >= REMEMBERED_MS) {
      this.sinceMs = nowMs;
      this.shortestBeforeMs = this.shortestMs;
      this.shortestMs = tookMs;
    }
    this.shortestMs = Math.min(this.shortestMs, tookMs);
    this.knownAtMs ??= nowMs + UNKNOWN_MS;
    const usual = nowMs < this.knownAtMs ? 0 : this.usualMs;
    const late = tookMs - usual;
    return late <= COVERED_MS ? 0 : Math.min(LONGEST_MS, late - COVERED_MS);
  }
}

interface Late {
  readonly fromMs: number;
  untilMs: number;
  amount: number;
}

const MAX_ENTRIES = 512;

/** Amounts that count for a while longer than the log of the last second has them. */
export class LateArrivals {
  private entries: Late[] = [];

  add(fromMs: number, untilMs: number, amount: number): void {
    const last = this.entries[this.entries.length - 1];
    if (last && this.entries.length >= MAX_ENTRIES) {
      last.untilMs = Math.max(last.untilMs, untilMs);
      last.amount += amount;
    } else this.entries.push({ fromMs, untilMs, amount });
  }

  at(nowMs: number): number {
    if (this.entries.length === 0) return 0;
    this.entries = this.entries.filter(({ untilMs }) => untilMs > nowMs);
    let sum = 0;
    for (const { fromMs, amount } of this.entries) if (fromMs <= nowMs) sum += amount;
    return sum;
  }

  /** Ms until the first of those that count now no longer does; Infinity when there is none. */
  untilLessMs(nowMs: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { fromMs, untilMs } of this.entries)
      if (fromMs <= nowMs) first = Math.min(first, untilMs - nowMs);
    return first;
  }
}
