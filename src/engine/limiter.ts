// A smooth rate limiter that is never exceeded in any sliding second.
//
// Two rules together, for each of events, requests and bytes:
// - a log of the last second: what was sent in it plus what is sent now never exceeds the rate. This alone would
//   be enough, but would send a second's worth at once and then sleep;
// - a token bucket that paces: after an idle time at most a tenth of a second's worth goes at once; while work waits
//   for write slots it may save up to one second's worth, so that few slow connections still use the whole rate. Work
//   that waits for the rate itself saves no more than after an idle time: else a burst, once sent, would be saved up
//   anew while the log keeps it back, and come again every second for ever. Of requests hardly any are saved: ten small
//   ones at once would be paid for with a tenth of a second in which none may go, a second later, and again and again.
// The log's second is a little longer than a second (`MARGIN_MS`), because the network may squeeze two writes
// closer together on their way. That costs 0.4 % of the rate. What took longer on its way counts longer (late-arrivals.ts).

import type { Clock } from "./clock.ts";
import type { Rates } from "./contracts.ts";
import { LateArrivals, Lateness } from "./late-arrivals.ts";

const MARGIN_MS = 4;
const WINDOW_MS = 1000 + MARGIN_MS;
const IDLE_BURST_SECONDS = 0.1;
const IDLE_BURST_SECONDS_OF_REQUESTS = 0.02;
const MAX_LOG_ENTRIES = 4096;
const NEVER = Number.POSITIVE_INFINITY;

/** One dimension of the limit. `unit` is the largest amount that must be able to pass at once. */
class Rate {
  private tokens: number;
  private filledAtMs: number;
  private times: number[] = [];
  private amounts: number[] = [];
  private head = 0;
  private inWindow = 0;
  private cap = 0;
  private idleCap = 0;
  private readonly late = new LateArrivals();
  /** Somebody waits for this rate, and for nothing else. */
  private waitedFor = false;

  constructor(
    private perSecond: number,
    private readonly unit: number,
    nowMs: number,
    private readonly burstSeconds = IDLE_BURST_SECONDS,
  ) {
    this.setCaps();
    this.tokens = this.idleCap;
    this.filledAtMs = nowMs;
  }

  /** What was sent in the last second counts against the new rate. */
  change(perSecond: number, nowMs: number): void {
    if (perSecond === this.perSecond) return;
    // Nothing was written down while there was no limit: the last second counts as full.
    const wasUnlimited = this.perSecond === Number.POSITIVE_INFINITY;
    if (!wasUnlimited) this.advance(nowMs);
    this.perSecond = perSecond;
    this.setCaps();
    if (wasUnlimited) {
      this.tokens = 0;
      this.times = [nowMs];
      this.amounts = [this.cap];
      this.head = 0;
      this.inWindow = this.cap;
    }
    this.tokens = Math.min(this.tokens, this.cap);
    this.filledAtMs = nowMs;
  }

  private setCaps(): void {
    this.cap = Math.max(1, Math.floor(this.perSecond));
    this.idleCap = Math.min(this.cap, Math.max(this.unit, this.perSecond * this.burstSeconds));
  }

  /** What was spent in the last second; 0 when there is no limit, as nothing is written down then. */
  used(nowMs: number): number {
    if (this.perSecond === Number.POSITIVE_INFINITY) return 0;
    this.advance(nowMs);
    return this.inWindow;
  }

  room(nowMs: number): number {
    if (this.perSecond === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    this.advance(nowMs);
    return Math.max(0, Math.min(this.tokens, this.cap - this.inWindow - this.late.at(nowMs)));
  }

  spend(nowMs: number, amount: number): void {
    if (this.perSecond === Number.POSITIVE_INFINITY) return;
    this.waitedFor = false;
    this.tokens -= amount;
    this.inWindow += amount;
    const last = this.times.length - 1;
    // Many tiny writes share one entry, dated at the latest of them: the safe side.
    if (this.times.length - this.head >= MAX_LOG_ENTRIES) {
      this.times[last] = nowMs;
      this.amounts[last]! += amount;
    } else {
      this.times.push(nowMs);
      this.amounts.push(amount);
    }
  }

  /** What was sent then counts so much longer. */
  arrivedLate(sentAtMs: number, amount: number, lateMs: number): void {
    if (this.perSecond === Number.POSITIVE_INFINITY) return;
    const fromMs = sentAtMs + WINDOW_MS;
    this.late.add(fromMs, fromMs + lateMs, amount);
  }

  /** Milliseconds until `amount` would have room if nothing else is spent. */
  waitMs(nowMs: number, amount: number): number {
    if (this.perSecond === Number.POSITIVE_INFINITY) return 0;
    this.advance(nowMs);
    this.waitedFor = true;
    this.tokens = Math.min(this.tokens, this.idleCap);
    const forTokens = ((amount - this.tokens) / this.perSecond) * 1000;
    const late = this.late.at(nowMs);
    let over = this.inWindow + late + amount - this.cap;
    const isOver = over > 0;
    let forWindow = 0;
    for (let i = this.head; i < this.times.length && over > 0; i++) {
      over -= this.amounts[i]!;
      forWindow = this.times[i]! + WINDOW_MS - nowMs;
    }
    // Whoever comes back too early asks again.
    if (late > 0 && isOver) forWindow = Math.min(forWindow || NEVER, this.late.untilLessMs(nowMs));
    return Math.max(0, forTokens, forWindow);
  }

  /** Work arrives after a pause: what was saved beyond a small burst is forfeited. */
  idled(nowMs: number): void {
    this.advance(nowMs);
    this.tokens = Math.min(this.tokens, this.idleCap);
  }

  private advance(nowMs: number): void {
    const accrued = ((nowMs - this.filledAtMs) / 1000) * this.perSecond;
    this.tokens = Math.min(this.waitedFor ? this.idleCap : this.cap, this.tokens + accrued);
    this.filledAtMs = nowMs;
    while (this.head < this.times.length && nowMs - this.times[this.head]! >= WINDOW_MS) {
      this.inWindow -= this.amounts[this.head]!;
      this.head += 1;
    }
    if (this.head > MAX_LOG_ENTRIES) {
      this.times = this.times.slice(this.head);
      this.amounts = this.amounts.slice(this.head);
      this.head = 0;
    }
  }
}

/** What one request would take if it could: how many events, and how many bytes with its envelope. */
export interface Wanted {
  readonly events: number;
  readonly bytes: number;
}

export interface Sent {
  readonly atMs: number;
  readonly events: number;
  /** Envelope included. */
  readonly bytes: number;
}

/** What a lane asks before each request. The plain one is `Limiter`; another may share its rate with other processes. */
export interface RateLimiter {
  /** What may go now. `leastBytes`: of the smallest request that makes sense, envelope included. */
  room(leastBytes: number, wanted: () => Wanted): Room;
  /** Events that may go now; asks nobody for more. */
  glance(): number;
  /** What this process sent in the last second, of each rate; 0 where there is no limit. */
  used(): Rates;
  spend(events: number, bytes: number): void;
  /** What was spent then was answered now. */
  answered(sent: Sent): void;
  /** Milliseconds until one event of `leastBytes` may go; Infinity: the maker of the limiter is told when. */
  waitMs(leastBytes: number): number;
  /** Work arrives after there was none. */
  idled(): void;
  change(rates: Rates): void;
  close(): void;
}

/** `changed` is to be called when there may be room earlier than `waitMs` said. */
export type LimiterMaker = (
  lane: string,
  rates: Rates,
  largestRequestBytes: number,
  changed: () => void,
) => RateLimiter;

export interface Room {
  /** Whole events that may go now; 0 when any of the limits is reached. */
  readonly events: number;
  /** Bytes that may go now, envelope included. */
  readonly bytes: number;
}

export class Limiter implements RateLimiter {
  private readonly events: Rate;
  private readonly requests: Rate;
  private readonly bytes: Rate;
  private readonly lateness = new Lateness();

  /** `largestRequestBytes`: the smallest request that must be able to pass: one item at its limit, with envelope. */
  constructor(
    private readonly clock: Clock,
    rates: Rates,
    largestRequestBytes: number,
  ) {
    const now = clock.nowMs();
    this.events = new Rate(rates.events, 1, now);
    this.requests = new Rate(rates.requests, 1, now, IDLE_BURST_SECONDS_OF_REQUESTS);
    this.bytes = new Rate(rates.bytes, largestRequestBytes, now);
  }

  /** New rates from now on; never more than them in any sliding second, what went before included. */
  change(rates: Rates): void {
    const now = this.clock.nowMs();
    this.events.change(rates.events, now);
    this.requests.change(rates.requests, now);
    this.bytes.change(rates.bytes, now);
  }

  room(): Room {
    const now = this.clock.nowMs();
    // Tokens are sums of fractions: a whole one may show as 0.9999….
    if (this.requests.room(now) < 1 - 1e-9) return { events: 0, bytes: 0 };
    return { events: Math.floor(this.events.room(now) + 1e-9), bytes: this.bytes.room(now) };
  }

  used(): Rates {
    const now = this.clock.nowMs();
    return { events: this.events.used(now), requests: this.requests.used(now), bytes: this.bytes.used(now) };
  }

  spend(events: number, bytes: number): void {
    const now = this.clock.nowMs();
    this.requests.spend(now, 1);
    this.events.spend(now, events);
    this.bytes.spend(now, bytes);
  }

  answered({ atMs, events, bytes }: Sent): void {
    const now = this.clock.nowMs();
    const lateMs = this.lateness.of(now - atMs, now);
    if (lateMs === 0) return;
    this.requests.arrivedLate(atMs, 1, lateMs);
    this.events.arrivedLate(atMs, events, lateMs);
    this.bytes.arrivedLate(atMs, bytes, lateMs);
  }

  /** Milliseconds until one event of `bytes` (with envelope) may go. */
  waitMs(bytes: number): number {
    const now = this.clock.nowMs();
    return Math.max(this.requests.waitMs(now, 1), this.events.waitMs(now, 1), this.bytes.waitMs(now, bytes));
  }

  /** To be called when work arrives after there was none. */
  idled(): void {
    const now = this.clock.nowMs();
    this.events.idled(now);
    this.requests.idled(now);
    this.bytes.idled(now);
  }

  glance(): number {
    return this.room().events;
  }

  close(): void {}
}
