// The fused plan of a live run, for chunks of messages.
//
// State: a scratch that chunks are written into, and memory for what is in flight. What a chunk became is copied out of
// the scratch, so that few small messages that are held for hours hold little; and the memory under all of it is bounded,
// because one message that is held keeps the whole chunk: beyond the bound messages go through the stages.

import type { Destination, Destinations } from "../engine/contracts.ts";
import {
  type DataBlock,
  LENGTH,
  COLUMNS,
  type PackedEvents,
  type RecordsPlan,
  START,
} from "../engine/packed.ts";
import { SegmentEvent, type SegmentMessage } from "../events/segment-event.ts";
import { Transcoder, type TranscoderSettings } from "./transcoder.ts";

const MAX_HELD_BYTES = 32 * 1024 * 1024;
const SCRATCH_BYTES = 256 * 1024;
const MAX_SCRATCH_BYTES = 4 * 1024 * 1024;
/** Smaller ones are left to the collector. */
const LEAST_KEPT_BYTES = 32 * 1024;
const MOST_KEPT = 16;
const NOTHING = Buffer.alloc(0);

export interface RecordsPlanSettings extends Omit<TranscoderSettings, "destinations" | "tells" | "laneOf"> {
  readonly destinations: Destinations;
}

export class LocalRecordsPlan implements RecordsPlan {
  private readonly transcoder: Transcoder;
  private readonly spaces = new SizedSpaces();
  private readonly destinations: Destinations;
  /** By lane, as first seen: a destination that was deleted since is still what its events were for. */
  private readonly known = new Map<string, Destination>();
  private lanesSeen = 0;
  private scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  private heldBytes = 0;

  constructor(settings: RecordsPlanSettings) {
    this.destinations = settings.destinations;
    this.transcoder = new Transcoder({ ...settings, tells: true, laneOf: (destination) => destination });
  }

  run(block: DataBlock): PackedEvents | undefined {
    if (this.heldBytes > MAX_HELD_BYTES) return undefined;
    const events = this.transcoder.run(block, this.scratch);
    if (!events) return undefined;
    const written = events.bytes;
    if (written.length <= MAX_SCRATCH_BYTES) this.scratch = written;
    this.noteLanes(events.lanes);
    const bytes = this.copied(written, endOf(events));
    this.heldBytes += bytes.length;
    return { ...events, bytes };
  }

  free({ bytes }: PackedEvents): void {
    this.heldBytes -= bytes.length;
    this.spaces.put(bytes);
  }

  revive(text: string, lane: string): unknown {
    const message = JSON.parse(text) as SegmentMessage; // Of our own making.
    const destination = this.destinations.get(lane) ?? this.known.get(lane);
    return destination ? new SegmentEvent(destination, message) : message;
  }

  private copied(from: Buffer, end: number): Buffer {
    if (end === 0) return NOTHING;
    const space = this.spaces.take(end);
    from.copy(space, 0, 0, end);
    return space;
  }

  private noteLanes(lanes: readonly string[]): void {
    for (; this.lanesSeen < lanes.length; this.lanesSeen++) {
      const lane = lanes[this.lanesSeen]!;
      const destination = this.destinations.get(lane);
      if (destination) this.known.set(lane, destination);
    }
  }
}

/** Behind the last event; a separator more is never read. */
function endOf({ table, events }: PackedEvents): number {
  const last = (events - 1) * COLUMNS;
  return events === 0 ? 0 : table[last + START]! + table[last + LENGTH]!;
}

/** Memory by sizes of powers of two: making it anew for each chunk keeps the collector busy. */
class SizedSpaces {
  private readonly free = new Map<number, Buffer[]>();

  take(bytes: number): Buffer {
    if (bytes <= LEAST_KEPT_BYTES / 2) return Buffer.allocUnsafeSlow(bytes);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    return this.free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  put(space: Buffer): void {
    if (space.length < LEAST_KEPT_BYTES || space.length > MAX_SCRATCH_BYTES) return;
    const free = this.free.get(space.length) ?? [];
    if (free.length >= MOST_KEPT) return;
    free.push(space);
    this.free.set(space.length, free);
  }
}
