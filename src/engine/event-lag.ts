// How long events took from being published to being accepted: what an analyst notices first.
//
// The largest is kept for the current minute and the one before it, so that it neither sticks for ever nor
// depends on how often somebody looks.

import type { Clock } from "./clock.ts";
import type { Cell, Metrics } from "./metrics.ts";
import type { HistogramCell } from "./histogram.ts";
import type { RunObserver } from "./observers.ts";

const WINDOW_MS = 60_000;

interface LaneLag {
  readonly histogram: HistogramCell;
  readonly shown: Cell;
  largest: number;
  largestBefore: number;
}

/** `turn` is to be called before the metrics are read: it lets old maxima go. */
export class EventLag implements RunObserver {
  private readonly lanes = new Map<string, LaneLag>();
  private turnedAtMs: number;

  constructor(
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {
    this.turnedAtMs = clock.nowMs();
  }

  delivered(
    lane: string,
    items: readonly { readonly origin: { readonly publishedAtMs: number } }[],
    sink: string,
  ): void {
    this.roll();
    const nowMs = this.clock.wallMs();
    const lag = this.lane(lane, sink);
    for (const { origin } of items) {
      if (origin.publishedAtMs <= 0) continue;
      // A publisher whose clock is ahead has sent nothing from the future.
      const seconds = Math.max(0, nowMs - origin.publishedAtMs) / 1_000;
      lag.histogram.observe(seconds);
      if (seconds > lag.largest) lag.largest = seconds;
    }
  }

  turn(): void {
    this.roll();
    for (const lag of this.lanes.values()) lag.shown.value = Math.max(lag.largest, lag.largestBefore);
  }

  private roll(): void {
    const sinceMs = this.clock.nowMs() - this.turnedAtMs;
    if (sinceMs < WINDOW_MS) return;
    this.turnedAtMs += sinceMs;
    for (const lag of this.lanes.values()) {
      lag.largestBefore = sinceMs < 2 * WINDOW_MS ? lag.largest : 0;
      lag.largest = 0;
    }
  }

  private lane(name: string, sink: string): LaneLag {
    const key = `${sink}\n${name}`;
    const known = this.lanes.get(key);
    if (known) return known;
    const labels = { sink, destination: name };
    const lag: LaneLag = {
      histogram: this.metrics.histogram("event_lag_seconds", labels),
      shown: this.metrics.cell("event_lag_max_seconds", labels),
      largest: 0,
      largestBefore: 0,
    };
    this.lanes.set(key, lag);
    return lag;
  }
}
