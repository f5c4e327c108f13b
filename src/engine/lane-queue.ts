// The events of one lane that are not under way: new ones in order of arrival, and those that must go again.

import type { BatchLimits, Encoded } from "./contracts.ts";
import type { Receipt } from "./ledger.ts";
import type { Wanted } from "./limiter.ts";

export interface LaneItem extends Encoded<unknown> {
  readonly receipt: Receipt;
}

/** Events that go again together; they go before new ones. */
export interface Again {
  items: readonly LaneItem[];
  /** Which try of these events the next one is. */
  readonly attempt: number;
  readonly readyAtMs: number;
  /** True for a retry after weather: it counts against the retry budget. */
  readonly retry: boolean;
}

export interface TakeLimits {
  readonly events: number;
  /** Envelope included. */
  readonly bytes: number;
  readonly envelopeBytes: number;
  readonly separatorBytes: number;
}

export interface Taken {
  readonly items: readonly LaneItem[];
  /** Item bytes and separators, without the envelope. */
  readonly bytes: number;
}

const COMPACT_AT = 4096;

export class LaneQueue {
  private fresh: LaneItem[] = [];
  private head = 0;
  private again: Again[] = [];
  private firstQueuedAtMs = 0;

  get freshCount(): number {
    return this.fresh.length - this.head;
  }

  get waiting(): number {
    let sum = this.freshCount;
    for (const one of this.again) sum += one.items.length;
    return sum;
  }

  /** `now` is asked only for the first of those that wait: reading a clock costs more than all else here. */
  push(item: LaneItem, now: () => number): void {
    if (this.head === this.fresh.length) this.firstQueuedAtMs = now();
    this.fresh.push(item);
  }

  /** Go again as soon as possible, before everything else. */
  putFirst(...again: Again[]): void {
    this.again.unshift(...again);
  }

  /** Go again when its time has come. */
  putLater(again: Again): void {
    this.again.push(again);
  }

  /** Nothing waits for its time any more. */
  hurry(): void {
    this.again = this.again.map((one) => ({ ...one, readyAtMs: 0 }));
  }

  /** Whether an event of this record waits. Looks at all of them. */
  holds(recordId: string): boolean {
    const isIts = ({ origin }: LaneItem) => origin.id === recordId;
    return this.again.some(({ items }) => items.some(isIts)) || this.fresh.slice(this.head).some(isIts);
  }

  readyAgain(nowMs: number, retriesAllowed: boolean): Again | undefined {
    return this.again.find((one) => one.readyAtMs <= nowMs && (retriesAllowed || !one.retry));
  }

  firstFresh(): LaneItem | undefined {
    return this.fresh[this.head];
  }

  /** How long the oldest new event has waited, in ms. */
  lingeredMs(nowMs: number): number {
    return nowMs - this.firstQueuedAtMs;
  }

  /** Ms until the next scheduled retry; Infinity when there is none. */
  untilNextAgain(nowMs: number): number {
    let wait = Number.POSITIVE_INFINITY;
    for (const one of this.again) if (one.readyAtMs > nowMs) wait = Math.min(wait, one.readyAtMs - nowMs);
    return wait;
  }

  /** What the next request would carry if the rate did not matter. */
  wanted(again: Again | undefined, limits: BatchLimits): Wanted {
    const most = { ...limits, events: limits.count };
    const { start, end, size } = again ? extent(again.items, 0, most) : extent(this.fresh, this.head, most);
    return { events: end - start, bytes: size + limits.envelopeBytes };
  }

  takeAgain(again: Again, limits: TakeLimits): Taken {
    const taken = fitting(again.items, 0, limits);
    again.items = again.items.slice(taken.items.length);
    if (again.items.length === 0) this.again.splice(this.again.indexOf(again), 1);
    return taken;
  }

  takeFresh(limits: TakeLimits, nowMs: number): Taken {
    const taken = fitting(this.fresh, this.head, limits);
    this.head += taken.items.length;
    this.firstQueuedAtMs = nowMs;
    if (this.head === this.fresh.length) {
      this.fresh = [];
      this.head = 0;
    } else if (this.head > COMPACT_AT) {
      this.fresh = this.fresh.slice(this.head);
      this.head = 0;
    }
    return taken;
  }
}

/** As many items from `start` as fit; at least one (the caller made sure that it has room). */
function fitting(from: readonly LaneItem[], start: number, limits: TakeLimits): Taken {
  const { end, size } = extent(from, start, limits);
  return { items: from.slice(start, end), bytes: size };
}

function extent(from: readonly LaneItem[], start: number, limits: TakeLimits) {
  let end = start;
  let size = 0;
  while (end < from.length && end - start < limits.events) {
    const more = from[end]!.bytes + (end > start ? limits.separatorBytes : 0);
    if (end > start && limits.envelopeBytes + size + more > limits.bytes) break;
    size += more;
    end += 1;
  }
  return { start, end, size };
}
