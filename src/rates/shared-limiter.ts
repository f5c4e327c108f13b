// A lane's limiter whose rate other processes use too.
//
//   shared ──store fails──▶ cut ──a second──▶ alone ──store answers──▶ gathering ──its time──▶ shared
//             ◀──store answers──┘                ▲───────────────────────────┘ store fails
//
// - shared: a request goes only with a grant, soon after it was asked for; one question is under way at a time.
// - cut: nothing is sent: what others were granted in the last second still counts.
// - alone: our own share of the rate (rate ÷ replicas), by an ordinary limiter. Nobody is above it together.
// - gathering: the store is back, and waits until everybody has heard of it. Whoever was alone goes on with its share.
//
// While there is no rate, nothing is asked and everything passes: there is nothing to share. Once there is one, whoever
// sent in the last second says so, as if it had been alone.

import type { Clock } from "../engine/clock.ts";
import type { Rates } from "../engine/contracts.ts";
import { Lateness } from "../engine/late-arrivals.ts";
import { Limiter, type RateLimiter, type Room, type Sent, type Wanted } from "../engine/limiter.ts";
import { partOf } from "./part-of-rate.ts";
import { GrantsInFlight } from "./grants-in-flight.ts";
import type { Answer, Priority, RateStore, Returned } from "./rate-store.ts";
import { SECOND_MS } from "./rules.ts";

export interface SharedRate {
  readonly store: Pick<RateStore, "ask">;
  readonly key: string;
  readonly priority: Priority;
  /** How many processes there may be at most. Each takes `1 / replicas` of the rate when the store is away. */
  readonly replicas: number;
}

export interface SharedLimiterEvents {
  /** There may be room now. */
  changed(): void;
  /** The store was lost (with the reason) or is back (undefined). */
  cut(reason: Error | undefined): void;
}

type Mode = "shared" | "cut" | "alone" | "gathering";

const NEVER = Number.POSITIVE_INFINITY;
const RETRY_MS = 100;
const PROBE_MS = 500;
const SHORTEST_LATE_MS = 4;
const LONGEST_LATE_MS = 250;
/** A killed process's last request arrives within this, and a machine that stands still goes on within it. */
const HELD_MS = 1_000;
/** Of a destination that always takes so long to answer, most answers come after the second. Nothing is held then. */
const SLOW_ANSWER_MS = 500;
/** Each grant that is used early brings the allowed lateness down by this part. */
const LATE_DECAY = 0.98;
const NO_ROOM: Room = { events: 0, bytes: 0 };
const UNLIMITED = Number.POSITIVE_INFINITY;
const ALL_ROOM: Room = { events: UNLIMITED, bytes: UNLIMITED };

interface Grant {
  readonly id: string;
  events: number;
  bytes: number;
  readonly askedAtMs: number;
  readonly useByMs: number;
}

export class SharedLimiter implements RateLimiter {
  private mode: Mode = "shared";
  /** Decides nothing: it writes down what went. */
  private readonly sent: Limiter;
  private own: Limiter | undefined;
  private grant: Grant | undefined;
  private returned: Returned | undefined;
  private asking = false;
  private rejoining = false;
  private nextAskAtMs = 0;
  private cutAtMs = 0;
  private gatheredAtMs = 0;
  private aloneUntilMs = Number.NEGATIVE_INFINITY;
  private lateMs = 10;
  private readonly inFlight = new GrantsInFlight();
  private readonly lateness = new Lateness();
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private rates: Rates,
    private readonly largestRequestBytes: number,
    private readonly shared: SharedRate,
    private readonly events: SharedLimiterEvents,
  ) {
    this.sent = new Limiter(clock, rates, largestRequestBytes);
  }

  change(rates: Rates): void {
    this.rates = rates;
    this.sent.change(rates);
    this.own?.change(this.share());
  }

  room(leastBytes: number, wanted: () => Wanted): Room {
    if (this.isUnlimited) return ALL_ROOM;
    const now = this.clock.nowMs();
    this.passTime(now);
    const { grant } = this;
    if (grant) {
      if (now <= grant.useByMs && grant.bytes >= leastBytes) return grant;
      this.giveBack(grant, now);
    }
    if (now >= this.nextAskAtMs && this.mode !== "gathering") this.ask(leastBytes, wanted(), now);
    return this.ownInUse?.room() ?? NO_ROOM;
  }

  glance(): number {
    if (this.isUnlimited) return UNLIMITED;
    return this.grant?.events ?? this.ownInUse?.glance() ?? 0;
  }

  used(): Rates {
    return this.sent.used();
  }

  spend(events: number, bytes: number): void {
    const now = this.clock.nowMs();
    this.sent.spend(events, bytes);
    const { grant } = this;
    this.grant = undefined;
    if (grant === undefined || this.isUnlimited) {
      this.own?.spend(events, bytes);
      this.aloneUntilMs = now;
      return;
    }
    this.lateMs = Math.max(SHORTEST_LATE_MS, (now - grant.askedAtMs) * 2, this.lateMs * LATE_DECAY);
    this.keepReturn(grant, grant.events - events, grant.bytes - bytes, now);
    this.inFlight.used(grant.id, now);
  }

  answered(sent: Sent): void {
    this.own?.answered(sent);
    const now = this.clock.nowMs();
    this.inFlight.answered(sent.atMs, this.lateness.of(now - sent.atMs, now));
  }

  waitMs(leastBytes: number): number {
    if (this.isUnlimited) return 0;
    const now = this.clock.nowMs();
    const forOwn = this.ownInUse?.waitMs(leastBytes) ?? NEVER;
    if (this.mode === "gathering") return Math.min(forOwn, Math.max(0, this.gatheredAtMs - now));
    return Math.min(forOwn, this.asking ? NEVER : Math.max(0, this.nextAskAtMs - now));
  }

  idled(): void {
    this.own?.idled();
  }

  close(): void {
    this.closed = true;
  }

  /** Our share, while it may be used: not while an answer may come that lets us back without gathering. */
  private get ownInUse(): Limiter | undefined {
    return this.asking && !this.rejoining ? undefined : this.own;
  }

  private passTime(now: number): void {
    if (this.mode === "cut" && now - this.cutAtMs >= SECOND_MS) {
      this.mode = "alone";
      this.own = new Limiter(this.clock, this.share(), this.largestRequestBytes);
    }
    if (this.mode === "gathering" && now >= this.gatheredAtMs) {
      this.mode = "shared";
      this.own = undefined;
    }
  }

  private ask(leastBytes: number, { events, bytes }: Wanted, now: number): void {
    if (this.asking || this.closed) return;
    this.asking = true;
    const { store, key, priority } = this.shared;
    this.rejoining = now - this.aloneUntilMs <= SECOND_MS;
    const { returned, lateMs, rates } = this;
    this.returned = undefined;
    const answered = this.inFlight.take();
    const heldMs = this.lateness.usualMs > SLOW_ANSWER_MS ? 0 : HELD_MS;
    const { rejoining: rejoins } = this;
    const wanted = { events, bytes, leastBytes };
    store.ask({ key, rates, priority, ...wanted, lateMs, heldMs, returned, answered, rejoins }).then(
      (answer) => this.told(answer, now),
      (error) => this.failed(error),
    );
  }

  private told(answer: Answer, askedAtMs: number): void {
    this.asking = false;
    if (this.closed) return;
    const now = this.clock.nowMs();
    const wasAway = this.mode !== "shared" && this.mode !== "gathering";
    if (answer.kind === "gather") {
      this.mode = "gathering";
      // By the time of asking: the store's own is no earlier.
      this.gatheredAtMs = askedAtMs + answer.ms;
      this.nextAskAtMs = this.gatheredAtMs;
    } else {
      this.mode = "shared";
      this.own = undefined;
      this.nextAskAtMs = answer.kind === "wait" ? now + answer.ms : now;
    }
    if (answer.kind === "granted") {
      const { id, events, bytes } = answer;
      this.grant = { id, events, bytes, askedAtMs, useByMs: askedAtMs + this.lateMs };
    }
    if (wasAway) this.events.cut(undefined);
    this.events.changed();
  }

  private failed(error: unknown): void {
    this.asking = false;
    if (this.closed) return;
    const now = this.clock.nowMs();
    if (this.mode === "shared" || (this.mode === "gathering" && this.own === undefined)) {
      this.mode = "cut";
      this.cutAtMs = now;
      this.events.cut(error instanceof Error ? error : new Error(String(error)));
    } else if (this.mode === "gathering") {
      this.mode = "alone";
    }
    this.nextAskAtMs = now + (this.mode === "cut" ? RETRY_MS : PROBE_MS);
    this.events.changed();
  }

  /** It came too late, or is too small for what is to be sent now. */
  private giveBack(grant: Grant, now: number): void {
    this.grant = undefined;
    this.lateMs = Math.min(LONGEST_LATE_MS, Math.max(this.lateMs, (now - grant.askedAtMs) * 2));
    this.keepReturn(grant, grant.events, grant.bytes, now);
    this.inFlight.givenBack(grant.id);
  }

  private keepReturn({ id, useByMs }: Grant, events: number, bytes: number, now: number): void {
    this.returned = { id, events: Math.max(0, events), bytes: Math.max(0, bytes), earlyMs: useByMs - now };
  }

  private share(): Rates {
    return partOf(this.rates, 1 / this.shared.replicas);
  }

  private get isUnlimited(): boolean {
    const { events, requests, bytes } = this.rates;
    return Math.min(events, requests, bytes) === UNLIMITED;
  }
}
