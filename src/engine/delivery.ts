// The last stretch: encode once, check the size, and hand each event to its lane.

import type { Sink } from "./contracts.ts";
import { DataError, type SinkFault, toError } from "./errors.ts";
import { Lane, type LaneContext } from "./lane.ts";
import type { LaneItem } from "./lane-queue.ts";
import type { WriteNote } from "./observers.ts";
import type { Item } from "./pipeline.ts";

export interface DeliveryEvents {
  delivered(lane: string, items: readonly LaneItem[], write: WriteNote): void;
  /** `error.code` is the dead-letter code. */
  rejected(item: Item, error: DataError | SinkFault, lane: string | undefined): void;
  bug(error: unknown): void;
}

export interface EncodedItem extends LaneItem {
  readonly lane: string;
}

export class Delivery {
  private readonly lanes = new Map<string, Lane>();
  private touched = new Set<Lane>();
  private draining = false;

  constructor(
    private readonly sink: Sink,
    private readonly context: LaneContext,
    private readonly events: DeliveryEvents,
  ) {}

  accept(items: readonly Item[]): void {
    for (const item of items) this.acceptOne(item);
    for (const lane of this.touched) lane.pump();
    this.touched.clear();
  }

  /** Events that are encoded and measured already. */
  acceptEncoded(items: readonly EncodedItem[]): void {
    let name = "";
    let lane: Lane | undefined;
    for (const item of items) {
      const wanted = item.lane;
      if (!lane || wanted !== name) {
        name = wanted;
        lane = this.lane(name);
        this.touched.add(lane);
      }
      lane.push(item);
    }
    for (const one of this.touched) one.pump();
    this.touched.clear();
  }

  /** Partial batches go now. */
  drain(): void {
    this.draining = true;
    for (const lane of this.lanes.values()) lane.drain();
  }

  stop(): void {
    for (const lane of this.lanes.values()) lane.stop();
  }

  /** Destinations were edited: lanes that are in use take their new settings. */
  refreshLanes(): void {
    for (const lane of this.lanes.values()) lane.refresh(this.sink.laneSettings(lane.name));
  }

  /** A share of the lane's rate for something that goes past its queue. */
  reserve(lane: string, bytes: number, signal: AbortSignal): Promise<void> {
    return this.lane(lane).reserve(bytes, signal);
  }

  has(lane: string): boolean {
    return this.lanes.has(lane);
  }

  all(): Iterable<Lane> {
    return this.lanes.values();
  }

  private acceptOne(item: Item): void {
    const { value, origin, receipt } = item;
    let name: string | undefined;
    let text: string;
    try {
      name = this.sink.laneOf(value);
      text = this.sink.encode(value);
    } catch (error) {
      this.reject(item, error, name);
      return;
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > this.sink.limits.itemBytes) {
      const message = `the encoded event has ${bytes} bytes, the limit is ${this.sink.limits.itemBytes}`;
      this.events.rejected(item, new DataError("too-large", message), name);
      return;
    }
    const lane = this.lane(name);
    lane.push({ value, text, bytes, origin, receipt });
    this.touched.add(lane);
  }

  private reject(item: Item, error: unknown, lane: string | undefined): void {
    if (!(error instanceof DataError)) {
      const fields = { stage: "sink", id: item.origin.id, err: error };
      this.context.log.error(fields, "a sink could not encode a value; it is dead-lettered");
    }
    const known =
      error instanceof DataError ? error : new DataError("bug", toError(error).message, { cause: error });
    this.events.rejected(item, known, lane);
  }

  private lane(name: string): Lane {
    const known = this.lanes.get(name);
    if (known) return known;
    const lane = new Lane(name, this.sink, this.sink.laneSettings(name), this.context, {
      delivered: (laneName, items, write) => this.events.delivered(laneName, items, write),
      rejected: (laneName, item, fault) => this.events.rejected(item, fault, laneName),
      bug: (error) => this.events.bug(error),
    });
    this.lanes.set(name, lane);
    if (this.draining) lane.drain();
    return lane;
  }
}
