// A chunk of messages that a fused plan took, and what became of each, for those who watch.

import type { Drop, Origin, WriterSchema } from "./contracts.ts";
import type { Receipt } from "./ledger.ts";
import type { DataBlock, PackedEvents } from "./packed.ts";

export class RecordsBlock implements DataBlock {
  constructor(
    readonly body: Buffer,
    readonly borders: Uint32Array,
    readonly writerSchema: WriterSchema | undefined,
    readonly receipts: readonly Receipt[],
  ) {}

  origin(index: number): Origin {
    return this.receipts[index]!.record;
  }
}

export interface StagedDrop {
  readonly stage: string;
  readonly drop: Drop;
}

/** What became of a chunk, for those who watch. Good while they are told of it. */
export class TakenRecords {
  constructor(
    private readonly block: RecordsBlock,
    private readonly events: PackedEvents,
    private readonly left: Uint8Array,
    private readonly drops: readonly StagedDrop[],
    private readonly decode: (origin: Origin) => unknown,
  ) {}

  get length(): number {
    return this.left.length;
  }

  /** Those that did not go through the stages. */
  get count(): number {
    return this.left.length - this.events.left.length;
  }

  /** What they became. */
  get passed(): number {
    return this.events.events;
  }

  /** True: it goes through the stages, and is told of there. */
  isLeft(index: number): boolean {
    return this.left[index] === 1;
  }

  origin(index: number): Origin {
    return this.block.origin(index);
  }

  /** What the event calls itself; empty: it has no name. */
  eventId(index: number): string {
    const { told } = this.events;
    if (!told) return "";
    return this.block.body.toString("utf8", told.ids[2 * index]!, told.ids[2 * index + 1]!);
  }

  drop(index: number): StagedDrop | undefined {
    return this.drops[this.events.told?.dropped[index] ?? -1];
  }

  /** All drops, by stage. */
  get dropped(): Iterable<{ readonly stage: string; readonly count: number }> {
    return this.events.drops;
  }

  /** The event, decoded anew: for the few that are looked at. */
  value(index: number): unknown {
    return this.decode(this.origin(index));
  }
}
