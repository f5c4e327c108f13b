// The watcher of one run of one pipeline: it takes what the engine tells, and gives the trace index, the recent events
// and the taps their part. Called on the hot path, so without a tap it does a few additions per chunk, and writes ids.

import type { LoadedPipeline } from "../config/load.ts";
import type { Clock } from "../engine/clock.ts";
import type { Drop, Origin } from "../engine/contracts.ts";
import type { DeadLetter } from "../engine/dead-letters.ts";
import type { LaneItem } from "../engine/lane-queue.ts";
import type { Metrics } from "../engine/metrics.ts";
import type { RejectedValue, RunObserver, WriteNote } from "../engine/observers.ts";
import type { Item } from "../engine/pipeline.ts";
import type { Run } from "../engine/run.ts";
import type { TakenRecords } from "../engine/taken-records.ts";
import { SegmentEvent } from "../events/segment-event.ts";
import { drawn, type Layout, layoutOf } from "./layout.ts";
import { Masking } from "./masking.ts";
import { factsOf, type NewEvent, type Outcome, type RecentEvents, Sampler } from "./recent-events.ts";
import { shownValue } from "./shown-value.ts";
import type { Tap, TapPlace } from "./tap.ts";
import type { TraceIndex } from "./trace-index.ts";

export interface WatchedJob {
  readonly run: Run;
  readonly metrics: Metrics;
}

export interface WatchWorld {
  readonly clock: Clock;
  readonly recent: RecentEvents;
  /** The taps on this pipeline. */
  readonly taps: ReadonlySet<Tap>;
  /** Undefined: nothing is traced. */
  readonly trace: TraceIndex | undefined;
}

export class WatchedRun implements RunObserver {
  readonly layout: Layout;
  readonly startedAtMs: number;
  job: WatchedJob | undefined;
  /** Publish time to 2xx of the last delivered event, in ms; NaN: not known. */
  deliveryMs = Number.NaN;
  private readonly places: readonly TapPlace[];
  /** The first arrow with decoded events: there they have their ids. */
  private readonly decoded: number;
  /** Where an event that never reached the end is shown as: nothing is redacted there yet. */
  private readonly firstSegment: TapPlace;
  private readonly sampler = new Sampler();

  constructor(
    readonly pipeline: LoadedPipeline,
    private readonly world: WatchWorld,
  ) {
    this.startedAtMs = world.clock.wallMs();
    const stages = drawn(pipeline);
    this.layout = layoutOf(stages);
    const masking = new Masking(stages);
    const { scrubber } = pipeline;
    this.places = this.layout.arrows.map(({ shape }, i) => ({ shape, mask: masking.at(i), scrubber }));
    const segments = this.places.find(({ shape }) => shape === "segment-event");
    this.firstSegment = segments ?? this.places[this.places.length - 1]!;
    this.decoded = Math.max(
      0,
      this.layout.arrows.findIndex(({ shape }) => shape === "export-event"),
    );
  }

  moved(arrow: number, items: readonly Item[]): void {
    const { trace, taps, clock } = this.world;
    if (arrow === this.decoded) {
      trace?.received(items);
      const one = items[items.length >> 1]!;
      this.sampler.offer(one.origin, () => one.value, clock.wallMs());
    }
    if (taps.size === 0) return;
    const place = this.places[arrow]!;
    const { from } = this.layout.arrows[arrow]!;
    for (const tap of taps) if (tap.options.stage === from) tap.pass(items, place);
  }

  get watchesArrows(): boolean {
    return this.world.taps.size > 0;
  }

  taken(records: TakenRecords): void {
    const { trace, clock } = this.world;
    if (records.count === 0) return;
    trace?.taken(records);
    const now = clock.wallMs();
    const middle = records.length >> 1;
    if (!records.isLeft(middle)) this.sampler.offer(records.origin(middle), () => records.value(middle), now);
    for (let index = 0; index < records.length; index++) {
      const dropped = records.drop(index);
      if (!dropped) continue;
      const { stage, drop } = dropped;
      const origin = records.origin(index);
      trace?.droppedId(origin, stage, drop, records.eventId(index));
      this.showDropped(origin, stage, drop, () => records.value(index));
    }
  }

  delivered(lane: string, items: readonly LaneItem[], _sink: string, write: WriteNote): void {
    const { trace, clock } = this.world;
    trace?.delivered(lane, items, write, clock.nowMs() - write.startedAtMs);
    const { publishedAtMs } = items[items.length - 1]!.origin;
    const now = clock.wallMs();
    this.deliveryMs = publishedAtMs > 0 ? Math.max(0, now - publishedAtMs) : Number.NaN;
    if (!this.sampler.hasAside) return;
    for (const item of items) if (this.sampler.has(item.origin)) this.showDelivered(lane, item, now);
  }

  dropped(origin: Origin, stage: string, drop: Drop, value: unknown): void {
    this.world.trace?.dropped(origin, stage, drop, value);
    this.showDropped(origin, stage, drop, () => value);
  }

  private showDropped(origin: Origin, stage: string, drop: Drop, value: () => unknown): void {
    const now = this.world.clock.wallMs();
    const { reason, detail } = drop;
    if (this.sampler.isTime("dropped", now))
      this.show("dropped", now, {
        ...this.seen(origin, value()),
        stage,
        reason,
        ...(detail === "" ? {} : { detail }),
      });
    if (this.sampler.hasAside) this.sampler.forget(origin);
  }

  rejected(rejected: RejectedValue): void {
    const { trace, clock } = this.world;
    trace?.rejected(rejected);
    const { origin, value, stage, code, message, destination } = rejected;
    const now = clock.wallMs();
    if (!this.sampler.isTime("dead-lettered", now)) return;
    this.show("dead-lettered", now, {
      ...this.seen(origin, value),
      stage,
      reason: code,
      detail: message.slice(0, 300),
      ...(destination === undefined ? {} : { destination }),
    });
    this.sampler.forget(origin);
  }

  deadLettered(letter: DeadLetter): void {
    this.world.trace?.deadLettered(letter);
  }

  gaveBack(record: Origin): void {
    this.world.trace?.gaveBack(record);
  }

  private showDelivered(lane: string, { origin, value }: LaneItem, now: number): void {
    const last = this.places[this.places.length - 1]!;
    this.show("delivered", now, { ...this.seen(origin, value, last), destination: lane });
    // For several destinations it is shown for the first; the others are counted.
    this.sampler.forget(origin);
  }

  /** What was put aside is the export event; `value` is what it was when it ended. */
  private seen(origin: Origin, value: unknown, place = this.firstSegment): NewEvent {
    const aside = this.sampler.value(origin);
    const isSegment = value instanceof SegmentEvent;
    const source = isSegment ? aside : (aside ?? value);
    const before = this.places[this.decoded]!;
    const wasDecoded = source !== undefined && !(source instanceof Uint8Array);
    return {
      pipeline: this.pipeline.name,
      id: origin.id,
      ...factsOf(before.mask.apply(before.shape, wasDecoded ? source : undefined)),
      attempt: origin.attempt,
      bytes: origin.body.byteLength,
      ...(wasDecoded ? shown("exportEvent", shownValue(before.shape, source, before, origin)) : {}),
      ...(isSegment
        ? {
            messageId: value.message.messageId,
            ...shown("segmentEvent", shownValue("segment-event", value, place, origin)),
          }
        : {}),
    };
  }

  private show(outcome: Outcome, atMs: number, event: NewEvent): void {
    this.world.recent.add(outcome, atMs, event);
  }
}

function shown(name: string, value: unknown): object {
  return value === undefined ? {} : { [name]: value };
}
