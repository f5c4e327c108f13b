// What a fused plan makes of a block: its events as bytes, one after the other in one buffer, and a table of where each
// is. An event has an item of its own in its lane all the same, so that retries, bisecting, refusals and settlement know
// nothing of blocks; an item is a view, and costs one small object.

import type { Encoded, Origin, WriterSchema } from "./contracts.ts";
import type { Receipt } from "./ledger.ts";

/** A block whose data are all of one form and may be taken whole. */
export interface DataBlock {
  readonly body: Buffer;
  /** Datum i is `body[borders[i]..borders[i + 1])`. */
  readonly borders: Uint32Array;
  /** Undefined: each is a JSON document, white space around it included. */
  readonly writerSchema: WriterSchema | undefined;
  origin(index: number): Origin;
}

/**
 * Columns of the table: index of the datum, index of the lane, first byte, length, four numbers that name the event, and
 * where its id begins.
 */
export const COLUMNS = 9;
export const DATUM = 0;
export const LANE = 1;
export const START = 2;
export const LENGTH = 3;
export const NAME = 4;
export const ID = 8;

export interface CountedDrop {
  readonly stage: string;
  readonly reason: string;
  readonly detail: string;
  readonly count: number;
}

export interface PackedEvents {
  /** An event, a separator byte, an event, a separator byte, … */
  readonly bytes: Buffer;
  readonly separator: number;
  readonly table: Int32Array;
  /** Rows of the table in use. */
  readonly events: number;
  readonly lanes: readonly string[];
  readonly drops: readonly CountedDrop[];
  /** Data that go through the stages one by one: whatever is out of the ordinary. */
  readonly left: readonly number[];
  /** Bytes of an event's id, the same for all. */
  readonly idBytes: number;
  /** For each datum, if the plan was asked to tell: what it is called, and what became of it. */
  readonly told?: Told | undefined;
}

/** Good until the plan runs again. */
export interface Told {
  /** Where the event's own id is in the block: two numbers a datum, the first byte and the one behind the last. */
  readonly ids: Int32Array;
  /** Index in `drops`; -1: it was not dropped. */
  readonly dropped: Int32Array;
}

/** Transforms and encoding as one function. What it yields is what the stages would, or it leaves the datum to them. */
export interface FusedPlan {
  /** Undefined: not for this block. `free` is called with the result once all of it is settled. */
  run(block: DataBlock): PackedEvents | undefined | Promise<PackedEvents | undefined>;
  free(events: PackedEvents): void;
  close(): Promise<void>;
}

/** A fused plan for records of their own, gathered into a block: at once, or not at all. */
export interface RecordsPlan {
  /** Undefined: not for these. `free` is called with the result once all of it is settled. */
  run(block: DataBlock): PackedEvents | undefined;
  free(events: PackedEvents): void;
  /** What the stages would have made of an event: for those who look at one. */
  revive(text: string, lane: string): unknown;
}

/** What all items of one block share. */
export interface PackedBlock {
  readonly block: DataBlock;
  readonly events: PackedEvents;
  readonly plan?: RecordsPlan;
}

/** One event of a packed block on its way through its lane. There is one for each event, so it holds next to nothing. */
export class PackedItem implements Encoded<unknown> {
  readonly bytes: number;

  constructor(
    private readonly of: PackedBlock,
    private readonly row: number,
    readonly receipt: Receipt,
  ) {
    this.bytes = of.events.table[row * COLUMNS + LENGTH]!;
  }

  get lane(): string {
    const { lanes, table } = this.of.events;
    return lanes[table[this.row * COLUMNS + LANE]!]!;
  }

  /** Its first byte in the block's buffer. */
  get start(): number {
    return this.of.events.table[this.row * COLUMNS + START]!;
  }

  /** Where it stands, if neighbours are apart by this byte. */
  bufferWith(separator: number): Buffer | undefined {
    const { events } = this.of;
    return events.separator === separator ? events.bytes : undefined;
  }

  get text(): string {
    const { start } = this;
    return this.of.events.bytes.toString("utf8", start, start + this.bytes);
  }

  get value(): unknown {
    const { plan } = this.of;
    return plan ? plan.revive(this.text, this.lane) : JSON.parse(this.text);
  }

  /** By which the other side knows it. */
  get id(): string {
    const { events } = this.of;
    const from = events.table[this.row * COLUMNS + ID]!;
    return events.bytes.toString("latin1", from, from + events.idBytes);
  }

  get origin(): Origin {
    return this.of.block.origin(this.of.events.table[this.row * COLUMNS + DATUM]!);
  }
}

/**
 * Writes items into `target` from `at` on, a separator behind each, and yields the end. Neighbours of one packed block
 * go with one copy. Throws when an item is not as long as it claims: old memory would be sent, or an end cut off.
 */
export function writeItems(
  items: readonly Encoded<unknown>[],
  target: Buffer,
  at: number,
  separator: number,
): number {
  for (let index = 0; index < items.length; ) {
    const item = items[index]!;
    const packed = item instanceof PackedItem ? item.bufferWith(separator) : undefined;
    if (packed) {
      const from = (item as PackedItem).start;
      const after = neighboursEnd(items, index, packed, separator);
      const last = items[after - 1] as PackedItem;
      const end = last.start + last.bytes;
      at += packed.copy(target, at, from, end);
      index = after;
    } else {
      const written = target.write(item.text, at, "utf8");
      if (written !== item.bytes) throw miscounted(item, written);
      at += written;
      index += 1;
    }
    target[at++] = separator;
  }
  return at;
}

/** The index behind the last of the items from `index` on that stand one after the other in `packed`. */
function neighboursEnd(
  items: readonly Encoded<unknown>[],
  index: number,
  packed: Buffer,
  separator: number,
): number {
  let last = items[index] as PackedItem;
  for (let at = index + 1; at < items.length; at++) {
    const next = items[at]!;
    if (!(next instanceof PackedItem) || next.start !== last.start + last.bytes + 1) return at;
    if (next.bufferWith(separator) !== packed) return at;
    last = next;
  }
  return items.length;
}

function miscounted({ origin, bytes }: Encoded<unknown>, written: number): Error {
  return new Error(`the event of record ${origin.id} claims ${bytes} bytes, but ${written} were written`);
}
