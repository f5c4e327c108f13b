// One subscriber who sees values between two stages. It stands beside the pipeline and never in its way: it looks at a
// bounded number of values a second, at a bounded size, and what its reader does not take at once is dropped.
//
//   open --(n values, its reader left, its pipeline ended)--> ended

import type { Clock } from "../engine/clock.ts";
import type { Logger, Shape } from "../engine/contracts.ts";
import type { Item } from "../engine/pipeline.ts";
import { SegmentEvent } from "../events/segment-event.ts";
import type { TapState, TapValue } from "./shapes/tap.ts";
import { MAX_SHOWN_BYTES, type ShownBy, shownText } from "./shown-value.ts";

/** Values looked at a second: those that an expression is worked out for, and those that are sent. */
const LOOKS_PER_SECOND = 500;
const SENDS_PER_SECOND = 50;

export type Predicate = (value: unknown, origin: Item["origin"]) => unknown;

/** Throws BadTap. */
export type CompilePredicate = (
  where: string,
  shape: Shape,
  world: { readonly clock: Clock; readonly log: Logger },
) => Predicate;

/** The expression, and what compiles it: loaded by whoever asks, because no run needs it. */
export interface Where {
  readonly text: string;
  readonly compile: CompilePredicate;
}

export interface TapOptions {
  readonly pipeline: string;
  /** Name of the stage that the values leave. */
  readonly stage: string;
  /** CEL; it sees what the reader would see. */
  readonly where?: Where | undefined;
  /** Ends by itself after so many values. */
  readonly n?: number | undefined;
}

/** Where a tap's values go; false: there was no room, and the value is lost. Must not wait. */
export type Deliver = (json: string) => boolean;

/** Where the values stand. */
export interface TapPlace extends ShownBy {
  readonly shape: Shape;
}

export class BadTap extends Error {
  override readonly name = "BadTap";
  constructor(
    message: string,
    readonly part: "pipeline" | "stage" | "where",
  ) {
    super(message);
  }
}

export class Tap {
  private readonly counts = { seen: 0, looked: 0, matched: 0, failed: 0, sent: 0, dropped: 0 };
  private readonly looks: Allowance;
  private readonly sends: Allowance;
  private predicate: { readonly shape: Shape; readonly test: Predicate } | undefined;

  /** `onFull`: it has sent all that it was asked for. */
  constructor(
    readonly options: TapOptions,
    private readonly world: { readonly clock: Clock; readonly log: Logger },
    private readonly deliver: Deliver,
    private readonly onFull: () => void,
  ) {
    this.looks = new Allowance(LOOKS_PER_SECOND, world.clock.nowMs());
    this.sends = new Allowance(SENDS_PER_SECOND, world.clock.nowMs());
  }

  state(): TapState {
    return { ...this.counts };
  }

  /** To be called with each chunk that comes by. Never throws. */
  pass(items: readonly Item[], place: TapPlace): void {
    const { counts } = this;
    counts.seen += items.length;
    const now = this.world.clock.nowMs();
    const allowed = Math.min(items.length, this.looks.at(now));
    if (allowed === 0 || this.isFull) return;
    // Spread over the chunk: its first values may be of one file or one sender.
    const stride = Math.max(1, Math.floor(items.length / allowed));
    for (let i = 0; i < items.length && this.looks.take(); i += stride) {
      counts.looked += 1;
      this.look(items[i]!, place, now);
      if (this.isFull) return;
    }
  }

  private get isFull(): boolean {
    return this.options.n !== undefined && this.counts.sent >= this.options.n;
  }

  private look(item: Item, place: TapPlace, nowMs: number): void {
    const { counts } = this;
    if (item.origin.body.byteLength > MAX_SHOWN_BYTES * 4) return;
    if (this.options.where !== undefined && !this.matches(item, place, this.options.where)) return;
    counts.matched += 1;
    this.sends.at(nowMs);
    if (!this.sends.take() || !this.deliver(this.textOf(item, place))) {
      counts.dropped += 1;
      return;
    }
    counts.sent += 1;
    if (this.isFull) this.onFull();
  }

  private matches({ value, origin }: Item, { shape, mask }: TapPlace, where: Where): boolean {
    // A reload may have put another shape here.
    if (this.predicate?.shape !== shape)
      this.predicate = { shape, test: where.compile(where.text, shape, this.world) };
    try {
      return this.predicate.test(mask.apply(shape, value), origin) === true;
    } catch {
      // A field that this event does not have: the count says how often.
      this.counts.failed += 1;
      return false;
    }
  }

  private textOf({ value, origin }: Item, place: TapPlace): string {
    const { pipeline, stage } = this.options;
    const about: Omit<TapValue, "value"> = {
      at: new Date(this.world.clock.wallMs()).toISOString(),
      pipeline,
      stage,
      shape: place.shape,
      id: origin.id,
      attempt: origin.attempt,
      ...(origin.publishedAtMs > 0 ? { publishedAt: new Date(origin.publishedAtMs).toISOString() } : {}),
      attributes: origin.attributes,
      ...(value instanceof SegmentEvent ? { destination: value.destination.id } : {}),
    };
    const head = place.scrubber.scrub(JSON.stringify(about));
    return `${head.slice(0, -1)},"value":${shownText(place.shape, value, place)}}`;
  }
}

/** So many a second, evenly; at most a second's worth saved. */
class Allowance {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private filledAtMs: number,
  ) {
    this.tokens = perSecond;
  }

  /** Whole ones at this time. */
  at(nowMs: number): number {
    const accrued = ((nowMs - this.filledAtMs) / 1000) * this.perSecond;
    this.tokens = Math.min(this.perSecond, this.tokens + Math.max(0, accrued));
    this.filledAtMs = nowMs;
    return Math.floor(this.tokens);
  }

  take(): boolean {
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
