// Many deadlines on one timer. Items stand in buckets of one tick; a bucket is due when its tick is over, so an
// item may come late by a tick and never early. Adding, moving and removing cost the same at any size, which a
// heap with a hundred thousand leases that are all extended every few seconds would not.

import type { Clock } from "../../engine/clock.ts";

const NOWHERE = -1;

/** What an item must carry for its bucket to find it. Written by DeadlineBuckets only. */
export class Bucketed {
  bucket = NOWHERE;
}

export class DeadlineBuckets<T extends Bucketed> {
  private readonly buckets = new Map<number, Set<T>>();
  private timer: { readonly bucket: number; readonly cancel: () => void } | undefined;
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly tickMs: number,
    private readonly onDue: (items: Iterable<T>) => void,
  ) {}

  get size(): number {
    return this.count;
  }

  /** Puts the item at a deadline `ms` from now, wherever it stood before. */
  put(item: T, ms: number): void {
    this.remove(item);
    const bucket = Math.ceil((this.clock.nowMs() + ms) / this.tickMs);
    const items = this.buckets.get(bucket);
    if (items) items.add(item);
    else this.buckets.set(bucket, new Set([item]));
    item.bucket = bucket;
    this.count++;
    if (!this.timer || bucket < this.timer.bucket) this.arm(bucket);
  }

  remove(item: T): void {
    if (item.bucket === NOWHERE) return;
    const items = this.buckets.get(item.bucket);
    if (items?.delete(item)) {
      this.count--;
      if (items.size === 0) this.buckets.delete(item.bucket);
    }
    item.bucket = NOWHERE;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const items of this.buckets.values()) yield* items;
  }

  clear(): void {
    for (const item of this) item.bucket = NOWHERE;
    this.buckets.clear();
    this.count = 0;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private arm(bucket: number): void {
    this.timer?.cancel();
    const cancel = this.clock.after(bucket * this.tickMs - this.clock.nowMs(), () => this.sweep());
    this.timer = { bucket, cancel };
  }

  private sweep(): void {
    this.timer = undefined;
    const now = this.clock.nowMs();
    const due: T[] = [];
    for (const [bucket, items] of this.buckets) {
      if (bucket * this.tickMs > now) continue;
      this.buckets.delete(bucket);
      this.count -= items.size;
      for (const item of items) {
        item.bucket = NOWHERE;
        due.push(item);
      }
    }
    if (due.length > 0) this.onDue(due);
    const next = this.earliest();
    if (next !== undefined && next !== this.armedFor) this.arm(next);
  }

  // A getter, because `onDue` may have armed the timer again behind the compiler's back.
  private get armedFor(): number | undefined {
    return this.timer?.bucket;
  }

  private earliest(): number | undefined {
    let first: number | undefined;
    for (const bucket of this.buckets.keys()) if (first === undefined || bucket < first) first = bucket;
    return first;
  }
}
