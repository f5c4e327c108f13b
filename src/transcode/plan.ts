// The fused plan of one run, in this thread: a transcoder, and buffers that go round.

import type { CountedDrop, DataBlock, FusedPlan, PackedEvents } from "../engine/packed.ts";
import { COLUMNS, NAME } from "../engine/packed.ts";
import { Transcoder, type TranscoderSettings } from "./transcoder.ts";

/** Of an event by its short name at `names[from…]`: whether it came before. */
export type IsDuplicate = (names: Int32Array, from: number) => boolean;

export class LocalPlan implements FusedPlan {
  private readonly transcoder: Transcoder;
  private readonly spaces = new Spaces();

  constructor(
    settings: TranscoderSettings,
    private readonly isDuplicate: IsDuplicate | undefined,
  ) {
    this.transcoder = new Transcoder(settings);
  }

  run(block: DataBlock): PackedEvents | undefined {
    const events = this.transcoder.run(block, this.spaces.take(block.body.length));
    return events && this.isDuplicate ? withoutDuplicates(events, this.isDuplicate) : events;
  }

  free(events: PackedEvents): void {
    this.spaces.put(events.bytes);
  }

  async close(): Promise<void> {}
}

/** An event grows to two or three times its datum. */
const GROWTH = 3;
const LEAST_SPACE = 64 * 1024;
const MAX_SPACES = 64;
const MAX_KEPT_BYTES = 2 * 1024 * 1024;

/** Buffers that were written and are needed no more: making them costs more than filling them. */
export class Spaces {
  private readonly free: Buffer[] = [];

  take(bodyBytes: number): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(Math.max(LEAST_SPACE, bodyBytes * GROWTH));
  }

  put(space: Buffer): void {
    if (this.free.length < MAX_SPACES && space.length <= MAX_KEPT_BYTES) this.free.push(space);
  }
}

/** As the stage `skip-duplicates` has it. */
export function withoutDuplicates(events: PackedEvents, isDuplicate: IsDuplicate): PackedEvents {
  const { table } = events;
  let kept = 0;
  for (let row = 0; row < events.events; row++) {
    if (isDuplicate(table, row * COLUMNS + NAME)) continue;
    if (kept !== row) table.copyWithin(kept * COLUMNS, row * COLUMNS, (row + 1) * COLUMNS);
    kept += 1;
  }
  if (kept === events.events) return events;
  const count = events.events - kept;
  const drop: CountedDrop = { stage: "skip-duplicates", reason: "duplicate", detail: "", count };
  return { ...events, events: kept, drops: [...events.drops, drop] };
}
