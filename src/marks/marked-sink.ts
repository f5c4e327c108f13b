// A sink that looks for delivered marks before each write, and leaves them after it.
//
// One question and one note a batch. Every batch asks, for nothing tells a redelivery for sure: Pub/Sub counts
// deliveries only where there is a dead-letter policy, and what one process held another gets. The note is not waited
// for: it is under way before the acknowledgement is, and a process that dies in between repeats the batches whose
// writes were under way, no more.

import type { Batch, BatchLimits, Encoded, LaneSettings, RunContext, Sink } from "../engine/contracts.ts";
import type { SinkFault } from "../engine/errors.ts";
import { PackedItem } from "../engine/packed.ts";
import type { DeliveredMarks } from "./delivered-marks.ts";

type Faults = undefined | readonly (SinkFault | null)[];

/** The sink itself when it cannot tell copies of an event. */
export function marked(sink: Sink, marks: DeliveredMarks, count: RunContext["count"]): Sink {
  const { idOf } = sink;
  return idOf === undefined ? sink : new MarkedSink(sink, (value) => idOf.call(sink, value), marks, count);
}

class MarkedSink implements Sink {
  readonly limits: BatchLimits;

  constructor(
    private readonly inner: Sink,
    readonly idOf: (value: unknown) => string,
    private readonly marks: DeliveredMarks,
    private readonly count: RunContext["count"],
  ) {
    this.limits = inner.limits;
  }

  laneOf(value: unknown): string {
    return this.inner.laneOf(value);
  }

  laneSettings(lane: string): LaneSettings {
    return this.inner.laneSettings(lane);
  }

  encode(value: unknown): string {
    return this.inner.encode(value);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<Faults> {
    const ids = batch.items.map((item) => this.idOfItem(item));
    const known = await this.marks.known(batch.lane, ids);
    if (known === undefined) this.missed(batch.lane);
    if (!known?.includes(true)) {
      const faults = await this.inner.write(batch, signal);
      this.mark(batch.lane, ids, faults);
      return faults;
    }
    return this.writeRest(batch, ids, known, signal);
  }

  probe(lane: string, signal: AbortSignal): Promise<void> {
    return this.inner.probe(lane, signal);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private async writeRest(
    batch: Batch,
    ids: readonly string[],
    known: readonly boolean[],
    signal: AbortSignal,
  ): Promise<Faults> {
    const isNew = (_: unknown, index: number) => known[index] !== true;
    const items = batch.items.filter(isNew);
    const labels = { destination: batch.lane };
    this.count("sink_duplicates_skipped_total", batch.items.length - items.length, labels);
    if (items.length === 0) return undefined;
    const between = (items.length - 1) * this.limits.separatorBytes;
    const bytes = items.reduce((sum, item) => sum + item.bytes, between);
    const rest: Batch = { lane: batch.lane, attempt: batch.attempt, items, bytes };
    let faults: Faults;
    try {
      faults = await this.inner.write(rest, signal);
    } finally {
      batch.answer = rest.answer;
    }
    this.mark(batch.lane, ids.filter(isNew), faults);
    if (faults === undefined) return undefined;
    const left = faults.values();
    return known.map((skipped) => (skipped ? null : (left.next().value ?? null)));
  }

  /** One that is bytes already is not parsed for it. */
  private idOfItem(item: Encoded<unknown>): string {
    return item instanceof PackedItem ? item.id : this.idOf(item.value);
  }

  private mark(lane: string, ids: readonly string[], faults: Faults): void {
    const delivered = faults === undefined ? ids : ids.filter((_, index) => faults[index] === null);
    if (delivered.length === 0) return;
    void this.marks.add(lane, delivered).then((kept) => {
      if (!kept) this.missed(lane);
    });
  }

  private missed(lane: string): void {
    this.count("sink_marks_missed_total", 1, { destination: lane });
  }
}
