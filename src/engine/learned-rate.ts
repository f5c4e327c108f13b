// What a destination takes when it is less than what is configured, learnt from its answers 429.
//
//   free ──429──▶ measuring ──429──▶ holding ──its time──▶ trying ──as configured──▶ free
//                     │  ▲              │ ▲                 │   │
//                     │  └────429───────┘ └──429 (early)────┘   └──429 (late)──▶ holding, at what was measured
//                     └──as configured──▶ free
//
// - free: the configured rate.
// - measuring: the lane has paused as the 429 asked, so the destination counts from nothing again. It begins with a
//   quarter of what was taken before and triples each second. What is taken in the second before the next 429 is what
//   the destination allows; a little less is kept to. A 429 with nothing taken: it begins again, lower.
// - holding: what was measured, of events and of requests, for it is not known which of them the destination counts. A
//   429 all the same: what it takes has changed, so it is measured anew; or, soon after the measuring (a bucket
//   of tokens was full then, and paid for a burst), the mean since the last 429 is kept to.
// - trying: more events, growing as when measuring, then more requests. Until twice as much went, a 429 says that the
//   limit is the old one: the lane goes on with that at once, without a pause, and the next try comes later. So a try
//   costs one refused request and no time.
//
// One write at a time while the limit is looked for: what is under way beside a refused write would be refused too.

import type { Rates } from "./contracts.ts";
import { type Taken, TakenLog } from "./taken-log.ts";

export type Learned = Omit<Rates, "bytes">;
type Dimension = keyof Learned;

type State =
  | { readonly kind: "free" }
  | { readonly kind: "measuring"; readonly from: number; sinceMs?: number }
  | { readonly kind: "holding"; sinceMs?: number }
  | { readonly kind: "trying"; readonly what: Dimension; readonly from: number; sinceMs: number };

/** Each second the rate grows so many times, while the limit is looked for. */
const GROWTH = 3;
/** A try is over when so many times as much went. */
const SURELY_MORE = 2;
/** Of what was taken: two requests may come closer together than they were sent. */
const KEPT_TO = 0.97;
/** So long at the configured rate without a 429, and it is taken for allowed. */
const PROVEN_MS = 2_000;
/** What is refused so soon after it was measured was measured too high. */
const SOON_MS = 5_000;
const FIRST_TRY_MS = 7_500;
const LATER = 1.5;
const LONGEST_TRY_MS = 30_000;
const BEGINS_WITH = 0.25;
const BEGINS_AT_LEAST = 1 / 32;
/** Events a second; of single events, it is the least that says anything. */
const LOWEST_BEGIN = 10;
/** Fewer, and a tenth of a second's events would not be all that go with one: the limiter saves up no more than that. */
const LEAST_REQUESTS = 10;
/** Without a configured rate: so many times what went before the first 429 counts as free again. */
const FREE_AGAIN = 4;

export class LearnedRate {
  private state: State = { kind: "free" };
  private top: Learned;
  private learned: Learned;
  private readonly taken = new TakenLog();
  private tryAfterMs = FIRST_TRY_MS;
  /** Writes that began before it say nothing about what holds now. */
  private changedAtMs = Number.NEGATIVE_INFINITY;
  private since: Taken = { events: 0, requests: 0 };

  constructor(private configured: Learned) {
    this.top = configured;
    this.learned = configured;
  }

  /** Somebody decided on other rates, or (`isGone`) that nothing is sent any more: what was learnt is forgotten. */
  change({ events, requests }: Learned, isGone: boolean): void {
    const isSame = events === this.configured.events && requests === this.configured.requests;
    if (isSame && !isGone) return;
    this.configured = { events, requests };
    this.free();
  }

  /** What may be sent a second now; undefined: what is configured. To be asked only while the lane does not pause. */
  at(nowMs: number): Learned | undefined {
    const { state } = this;
    if (state.kind === "free") return undefined;
    state.sinceMs ??= nowMs;
    if (state.kind === "holding") {
      if (nowMs < state.sinceMs + this.tryAfterMs) return this.learned;
      return this.try(this.learned.events < this.top.events ? "events" : "requests", nowMs);
    }
    const what = state.kind === "measuring" ? "events" : state.what;
    const grown = state.from * GROWTH ** ((nowMs - state.sinceMs) / 1000);
    if (grown < this.top[what]) return { ...this.learned, [what]: grown };
    this.learned = { ...this.learned, [what]: this.configured[what] };
    if (nowMs < state.sinceMs + growMs(this.top[what] / state.from) + PROVEN_MS) return this.learned;
    if (this.learned.requests < this.top.requests) return this.try("requests", nowMs);
    this.free();
    return undefined;
  }

  /** What is kept to until a try; undefined while that is not known. */
  get held(): Learned | undefined {
    return this.state.kind === "holding" || this.state.kind === "trying" ? this.learned : undefined;
  }

  /** The limit is looked for: one write at a time. */
  isCareful(nowMs: number): boolean {
    const { state } = this;
    if (state.kind === "measuring")
      return nowMs < (state.sinceMs ?? nowMs) + growMs(this.top.events / state.from);
    return state.kind === "trying" && this.isEarly(state, nowMs);
  }

  /** A write was taken. */
  accepted(startedAtMs: number, events: number): void {
    this.taken.add(startedAtMs, events);
    if (startedAtMs < this.changedAtMs) return;
    this.since = { events: this.since.events + events, requests: this.since.requests + 1 };
  }

  /** A write was answered with 429. True: the lane is to pause as it was asked to; false: it goes on at once. */
  refused(startedAtMs: number, nowMs: number, events: number): boolean {
    if (startedAtMs < this.changedAtMs) return true;
    const { state, since } = this;
    const took = this.taken.inSecondBefore(startedAtMs);
    const sinceMs = nowMs - this.changedAtMs;
    this.changedAtMs = nowMs;
    this.since = { events: 0, requests: 0 };
    const isHeld = state.kind === "holding" && nowMs < (state.sinceMs ?? nowMs) + SOON_MS;
    if (state.kind === "trying" && this.isEarly(state, startedAtMs)) {
      this.learned = { ...this.learned, [state.what]: this.again(state, took, events) };
      this.tryAfterMs = Math.min(LONGEST_TRY_MS, this.tryAfterMs * LATER);
      this.state = { kind: "holding", sinceMs: nowMs };
      return false;
    }
    if (isHeld && since.events > 0) {
      const mean = { events: (since.events / sinceMs) * 1000, requests: (since.requests / sinceMs) * 1000 };
      this.hold(mean);
    } else if (state.kind === "measuring" && took.events === 0) this.measure(state.from / 2);
    else if (state.kind === "measuring" || (state.kind === "trying" && took.events > 0))
      // The limit lies between what was taken and what would have been with this one.
      this.hold({ events: took.events + events / 2, requests: took.requests });
    else this.measureAfter(took, events);
    return true;
  }

  private free(): void {
    this.state = { kind: "free" };
    this.learned = this.configured;
    this.tryAfterMs = FIRST_TRY_MS;
  }

  private measureAfter(took: Taken, refused: number): void {
    const { events, requests } = this.configured;
    const before = Math.max(took.events, refused);
    if (this.state.kind === "free")
      this.top = {
        events: Number.isFinite(events) ? events : before * FREE_AGAIN,
        requests: Number.isFinite(requests) ? requests : (took.requests + LEAST_REQUESTS) * FREE_AGAIN,
      };
    this.measure(Math.max(took.events * BEGINS_WITH, this.top.events * BEGINS_AT_LEAST));
  }

  private measure(from: number): void {
    this.learned = this.configured;
    this.state = { kind: "measuring", from: Math.min(this.top.events, Math.max(LOWEST_BEGIN, from)) };
  }

  private hold({ events, requests }: Taken): void {
    this.learned = {
      events: Math.min(this.top.events, Math.max(1, events * KEPT_TO)),
      requests: Math.min(this.top.requests, Math.max(LEAST_REQUESTS, requests * KEPT_TO)),
    };
    this.state = { kind: "holding" };
  }

  private try(what: Dimension, nowMs: number): Learned {
    this.state = { kind: "trying", what, from: this.learned[what], sinceMs: nowMs };
    return this.learned;
  }

  /** What a try that was refused has measured: about what is known. */
  private again({ what, from }: State & { kind: "trying" }, took: Taken, refused: number): number {
    const measured = (what === "events" ? took.events + refused / 2 : took.requests) * KEPT_TO;
    return Math.min(this.top[what], Math.max(from * 0.95, Math.min(from * 1.1, measured)));
  }

  private isEarly({ sinceMs }: State & { kind: "trying" }, atMs: number): boolean {
    return atMs < sinceMs + growMs(SURELY_MORE);
  }
}

/** How long it takes to grow so many times. */
function growMs(times: number): number {
  return Math.max(0, Math.log(times) / Math.log(GROWTH)) * 1000;
}
