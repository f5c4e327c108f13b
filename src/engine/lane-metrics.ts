// The numbers of one lane. Looked up once: per write they are additions, nothing more.

import type { LaneState } from "./lane-health.ts";
import type { LearningLimiter } from "./learning-limiter.ts";
import type { LaneItem } from "./lane-queue.ts";
import type { Cell, Metrics } from "./metrics.ts";
import type { HistogramCell } from "./histogram.ts";

const stateNumber: Record<LaneState, number> = { open: 0, throttled: 1, broken: 2, parked: 3 };

export class LaneMetrics {
  readonly limiterWait: Cell;
  private readonly waiting: Cell;
  private readonly writes: Cell;
  private readonly state: Cell;
  private readonly concurrency: Cell;
  private readonly tokens: Cell;
  private readonly learned: Cell;
  private readonly retryAfter: Cell;
  private readonly deliveredEvents: Cell;
  private readonly deliveredBytes: Cell;
  private readonly duration: HistogramCell;
  private readonly batchEvents: HistogramCell;
  private readonly batchBytes: HistogramCell;

  constructor(
    private readonly metrics: Metrics,
    private readonly labels: { readonly sink: string; readonly destination: string },
  ) {
    this.limiterWait = metrics.cell("sink_rate_limit_wait_seconds_total", labels);
    this.waiting = metrics.cell("sink_waiting_events", labels);
    this.writes = metrics.cell("sink_writes_in_flight", labels);
    this.state = metrics.cell("sink_lane_state", labels);
    this.concurrency = metrics.cell("sink_concurrency_limit", labels);
    this.tokens = metrics.cell("sink_rate_limit_tokens", labels);
    this.learned = metrics.cell("sink_learned_events_per_second", labels);
    this.retryAfter = metrics.cell("sink_retry_after_seconds", labels);
    this.deliveredEvents = metrics.cell("sink_events_delivered_total", labels);
    this.deliveredBytes = metrics.cell("sink_bytes_delivered_total", labels);
    this.duration = metrics.histogram("sink_request_duration_seconds", labels);
    this.batchEvents = metrics.histogram("sink_batch_events", labels);
    this.batchBytes = metrics.histogram("sink_batch_bytes", labels);
  }

  pumped(waiting: number, writes: number, state: LaneState): void {
    this.waiting.value = waiting;
    this.writes.value = writes;
    this.state.value = stateNumber[state];
  }

  /** For who reads the metrics now: what changes without anything being done. */
  looked(state: LaneState, writesAllowed: number, limiter: LearningLimiter): void {
    const eventsAllowed = limiter.glance();
    this.state.value = stateNumber[state];
    this.concurrency.value = writesAllowed;
    this.learned.value = limiter.keptTo;
    this.tokens.value = Number.isFinite(eventsAllowed) ? eventsAllowed : -1;
  }

  wrote(events: number, bytes: number, tookMs: number): void {
    this.duration.observe(tookMs / 1_000);
    this.batchEvents.observe(events);
    this.batchBytes.observe(bytes);
  }

  ended(outcome: string): void {
    this.metrics.count("sink_writes_total", 1, { ...this.labels, outcome });
  }

  delivered(items: readonly LaneItem[]): void {
    this.deliveredEvents.value += items.length;
    for (const item of items) this.deliveredBytes.value += item.bytes;
  }

  split(): void {
    this.metrics.count("sink_splits_total", 1, this.labels);
  }

  retried(events: number, code: string): void {
    this.metrics.count("sink_retries_total", events, { ...this.labels, code });
  }

  askedToWait(ms: number): void {
    this.retryAfter.value = ms / 1_000;
  }
}
