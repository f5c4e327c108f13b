// A lane's limiter that also keeps to what the destination was found to take (learned-rate.ts). The configured rate is
// kept by the limiter inside, whoever shares that; what is learnt is about what this lane itself gets through. So lanes
// of several processes come to share what the destination allows, as connections share a line: each adapts to its
// own refusals, and nobody has to be asked.

import type { Clock } from "./clock.ts";
import type { Rates } from "./contracts.ts";
import { type Learned, LearnedRate } from "./learned-rate.ts";
import { Limiter, type RateLimiter, type Room, type Sent, type Wanted } from "./limiter.ts";

export interface LearningEvents {
  /** The lane keeps to less than what is configured. */
  lowered(to: Learned): void;
  /** The destination takes what is configured. */
  restored(): void;
}

const NO_ROOM: Room = { events: 0, bytes: 0 };
const UNLIMITED = Number.POSITIVE_INFINITY;
/** What a limiter starts with, so that nothing is saved up when it is given its rates. */
const ONE_OF_EACH: Rates = { events: 1, requests: 1, bytes: UNLIMITED };

export class LearningLimiter implements RateLimiter {
  private readonly rate: LearnedRate;
  /** Only while less than the configured rate is kept to. */
  private own: Limiter | undefined;
  private kept = 0;
  private isSaid = false;

  constructor(
    private readonly clock: Clock,
    private readonly inner: RateLimiter,
    rates: Rates,
    private readonly events: LearningEvents,
  ) {
    this.rate = new LearnedRate(rates);
  }

  /** Events a second that are kept to because of answers 429; 0: what is configured. */
  get keptTo(): number {
    return this.kept;
  }

  /** Not more than one write is to be under way. */
  get isCareful(): boolean {
    return this.own !== undefined && this.rate.isCareful(this.clock.nowMs());
  }

  /** A write was taken. */
  accepted(startedAtMs: number, events: number): void {
    this.rate.accepted(startedAtMs, events);
  }

  /** A write was answered with 429. Whether the lane is to pause for it. */
  refused(startedAtMs: number, events: number): boolean {
    const pauses = this.rate.refused(startedAtMs, this.clock.nowMs(), events);
    const { held } = this.rate;
    if (held) this.kept = held.events;
    // It begins again after the pause, as the destination does.
    if (pauses) this.own = undefined;
    if (pauses && held) {
      this.isSaid = true;
      this.events.lowered(held);
    }
    return pauses;
  }

  room(leastBytes: number, wanted: () => Wanted): Room {
    const own = this.follow();
    if (!own) return this.inner.room(leastBytes, wanted);
    const mine = own.room().events;
    if (mine < 1) return NO_ROOM;
    const room = this.inner.room(leastBytes, () => atMost(mine, leastBytes, wanted()));
    return room.events <= mine ? room : { events: mine, bytes: room.bytes };
  }

  glance(): number {
    return Math.min(this.inner.glance(), this.own?.glance() ?? UNLIMITED);
  }

  used(): Rates {
    return this.inner.used();
  }

  spend(events: number, bytes: number): void {
    this.own?.spend(events, bytes);
    this.inner.spend(events, bytes);
  }

  answered(sent: Sent): void {
    this.own?.answered(sent);
    this.inner.answered(sent);
  }

  waitMs(leastBytes: number): number {
    const own = this.follow();
    // The one inside was not asked while this one has no room.
    return (own && own.room().events < 1 && own.waitMs(leastBytes)) || this.inner.waitMs(leastBytes);
  }

  idled(): void {
    this.own?.idled();
    this.inner.idled();
  }

  change(rates: Rates, isGone = false): void {
    this.inner.change(rates);
    this.rate.change(rates, isGone);
  }

  close(): void {
    this.inner.close();
  }

  /** The limiter of what holds now. */
  private follow(): Limiter | undefined {
    const allowed = this.rate.at(this.clock.nowMs());
    if (allowed) {
      const rates = { ...allowed, bytes: UNLIMITED };
      this.kept = allowed.events;
      this.own ??= new Limiter(this.clock, ONE_OF_EACH, 0);
      this.own.change(rates);
      return this.own;
    }
    this.own = undefined;
    this.kept = 0;
    if (this.isSaid) this.events.restored();
    this.isSaid = false;
    return undefined;
  }
}

function atMost(events: number, leastBytes: number, wanted: Wanted): Wanted {
  if (wanted.events <= events) return wanted;
  return { events, bytes: Math.max(leastBytes, Math.ceil((wanted.bytes * events) / wanted.events)) };
}
