// Records of their own (messages) through a fused plan: gathered into chunks, what is of one form (JSON, or Avro of one
// schema) made into a block, and the block taken at once. Each record keeps its receipt, with a part for each of its events.
//
//   waiting --(a chunk is full, or the caller yields)--> taken: events to their lanes, drops counted and done
//                                                     \-> left: through the stages, one by one
//
// Whatever is out of the ordinary goes through the stages: another encoding, a schema not known yet, a datum that the
// plan leaves, everything while somebody watches values move or the crash guard looks for a poison.

import { type BodyForm, Drop, type Origin } from "./contracts.ts";
import type { FusedContext } from "./fused-intake.ts";
import type { Receipt } from "./ledger.ts";
import { COLUMNS, DATUM, type PackedEvents, PackedItem, type RecordsPlan } from "./packed.ts";
import type { Pipeline } from "./pipeline.ts";
import { RecordsBlock, TakenRecords } from "./taken-records.ts";

const CHUNK = 256;
/** Bodies of one chunk: more begin another. */
const CHUNK_BYTES = 1024 * 1024;

interface Gathered {
  readonly receipts: Receipt[];
  bytes: number;
}

export interface FusedRecordsContext extends Omit<FusedContext, "guard"> {
  /** True: all goes through the stages for now. */
  watched(): boolean;
  /** See `Transform.formOf`. */
  formOf(origin: Origin): BodyForm | undefined;
  decode(origin: Origin): unknown;
  taken(records: TakenRecords): void;
}

export class FusedRecords {
  private waiting: Receipt[] = [];
  private flushScheduled = false;
  private flushing = false;
  private stopped = false;
  private body = Buffer.alloc(0);

  constructor(
    private readonly plan: RecordsPlan,
    private readonly pipeline: Pipeline,
    private readonly context: FusedRecordsContext,
  ) {}

  push(receipt: Receipt): void {
    this.waiting.push(receipt);
    if (this.waiting.length >= CHUNK) this.flush();
    else if (!this.flushScheduled) {
      this.flushScheduled = true;
      queueMicrotask(() => {
        this.flushScheduled = false;
        this.flush();
      });
    }
  }

  /** What waits is left to the ledger. */
  stop(): void {
    this.stopped = true;
  }

  /** A settlement may let in the next record while a chunk is under way: that one waits for its turn. */
  private flush(): void {
    if (this.flushing) return;
    this.flushing = true;
    try {
      while (this.waiting.length > 0 && !this.stopped) {
        const receipts = this.waiting;
        this.waiting = [];
        this.split(receipts);
      }
    } catch (error) {
      this.context.bug(error);
    } finally {
      this.flushing = false;
    }
  }

  /** By forms; the order of records means nothing. */
  private split(receipts: readonly Receipt[]): void {
    const watched = this.context.watched();
    const byForm = new Map<BodyForm, Gathered>();
    for (const receipt of receipts) {
      const { record } = receipt;
      const form = watched ? undefined : this.context.formOf(record);
      if (!form) {
        this.pipeline.push(receipt);
        continue;
      }
      let gathered = byForm.get(form);
      if (gathered && gathered.bytes + record.body.length > CHUNK_BYTES) {
        this.run(form, gathered);
        gathered = undefined;
      }
      if (!gathered) {
        gathered = { receipts: [], bytes: 0 };
        byForm.set(form, gathered);
      }
      gathered.receipts.push(receipt);
      gathered.bytes += record.body.length;
    }
    for (const [form, gathered] of byForm) this.run(form, gathered);
  }

  private run(form: BodyForm, gathered: Gathered): void {
    const block = this.blockOf(form, gathered);
    const events = this.plan.run(block);
    if (events) this.take(block, events);
    else for (const receipt of gathered.receipts) this.pipeline.push(receipt);
  }

  /** The bodies one behind the other, in memory that the next block uses again: what is kept of it is in the records. */
  private blockOf(form: BodyForm, { receipts, bytes }: Gathered): RecordsBlock {
    if (this.body.length < bytes) this.body = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.body.length));
    const borders = new Uint32Array(receipts.length + 1);
    let at = 0;
    for (const [index, { record }] of receipts.entries()) {
      this.body.set(record.body, at);
      at += record.body.length;
      borders[index + 1] = at;
    }
    const schema = form === "json" ? undefined : form;
    return new RecordsBlock(this.body.subarray(0, bytes), borders, schema, receipts);
  }

  private take(block: RecordsBlock, events: PackedEvents): void {
    const { context } = this;
    const { receipts } = block;
    const parts = partsOf(events, receipts.length);
    const isLeft = new Uint8Array(receipts.length);
    for (const index of events.left) isLeft[index] = 1;
    context.values.value += receipts.length - events.left.length;
    const drops = events.drops.map(({ stage, reason, detail, count }) => {
      const drop = new Drop(reason, detail);
      context.drops.count(stage, drop, count);
      context.good(count);
      return { stage, drop };
    });
    context.taken(new TakenRecords(block, events, isLeft, drops, (origin) => context.decode(origin)));
    for (const index of events.left) this.pipeline.push(receipts[index]!);
    this.deliver(block, events, parts);
    for (const [index, receipt] of receipts.entries())
      if (parts[index] === 0 && isLeft[index] === 0) receipt.done();
  }

  private deliver(block: RecordsBlock, events: PackedEvents, parts: Uint16Array): void {
    const { plan } = this;
    let open = 0;
    const settled = () => {
      open -= 1;
      if (open === 0) plan.free(events);
    };
    for (const [index, receipt] of block.receipts.entries()) {
      if (parts[index] === 0) continue;
      if (parts[index]! > 1) receipt.add(parts[index]! - 1);
      receipt.whenSettled = settled;
      open += 1;
    }
    if (open === 0) {
      plan.free(events);
      return;
    }
    const of = { block, events, plan };
    const items: PackedItem[] = [];
    for (let row = 0; row < events.events; row++)
      items.push(new PackedItem(of, row, block.receipts[events.table[row * COLUMNS + DATUM]!]!));
    this.context.deliver(items);
  }
}

/** How many events each record became. */
function partsOf({ table, events }: PackedEvents, records: number): Uint16Array {
  const parts = new Uint16Array(records);
  for (let row = 0; row < events; row++) parts[table[row * COLUMNS + DATUM]!]! += 1;
  return parts;
}
