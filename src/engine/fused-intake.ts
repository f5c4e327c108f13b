// Where an admitted record goes: a block through the fused plan, and what that leaves, and every other record, through
// the stages. It is the pipeline's own door, so that behind it (delivery, drops, dead letters, settlement) all is one.
//
// A block's receipt has one part for each event and each datum left, or is done at once when there are none. While a
// plan works on it elsewhere (a worker), it keeps the one part it began with.

import { Drop } from "./contracts.ts";
import type { Guard } from "./crash-loop.ts";
import type { DropCounter } from "./drop-counter.ts";
import type { Receipt } from "./ledger.ts";
import type { Cell } from "./metrics.ts";
import { COLUMNS, type DataBlock, type FusedPlan, LANE, type PackedEvents, PackedItem } from "./packed.ts";
import type { Pipeline } from "./pipeline.ts";

export interface FusedContext {
  /** `values_total`. */
  readonly values: Cell;
  readonly drops: DropCounter;
  readonly guard: Guard | undefined;
  /** Data that were dropped: for the dead-letter window. */
  good(count: number): void;
  /** The items of one block, and the lane of each. */
  deliver(items: readonly PackedItem[], lanes: readonly string[]): void;
  /** A bug of the plan: the run fails. */
  bug(error: unknown): void;
}

export class FusedIntake {
  private stopped = false;

  constructor(
    private readonly plan: FusedPlan | undefined,
    private readonly pipeline: Pipeline,
    private readonly context: FusedContext,
  ) {}

  push(receipt: Receipt): void {
    const block = this.plan && !this.context.guard?.watching ? receipt.record.block : undefined;
    if (!this.plan || !block) this.pipeline.push(receipt);
    else this.run(this.plan, receipt, block);
  }

  stop(): void {
    this.stopped = true;
    this.pipeline.stop();
  }

  private run(plan: FusedPlan, receipt: Receipt, block: DataBlock): void {
    const take = (events: PackedEvents | undefined): void => {
      if (this.stopped) return; // It was given back as a whole.
      if (events) this.take(plan, receipt, block, events);
      else this.pipeline.push(receipt);
    };
    try {
      const events = plan.run(block);
      if (events instanceof Promise) events.then(take).catch((error: unknown) => this.context.bug(error));
      else take(events);
    } catch (error) {
      this.context.bug(error);
    }
  }

  private take(plan: FusedPlan, receipt: Receipt, block: DataBlock, events: PackedEvents): void {
    const { context } = this;
    receipt.whenSettled = () => plan.free(events);
    const parts = events.events + events.left.length;
    if (parts > 1) receipt.add(parts - 1);
    // Data that go through the stages are counted there.
    context.values.value += block.borders.length - 1 - events.left.length;
    for (const { stage, reason, detail, count } of events.drops) {
      context.drops.count(stage, new Drop(reason, detail), count);
      context.good(count);
    }
    for (const index of events.left) this.pipeline.pushEntry(block.origin(index), receipt);
    this.deliver(receipt, block, events);
    if (parts === 0) receipt.done();
  }

  private deliver(receipt: Receipt, block: DataBlock, events: PackedEvents): void {
    if (events.events === 0) return;
    const items: PackedItem[] = [];
    const lanes: string[] = [];
    for (let row = 0; row < events.events; row++) {
      items.push(new PackedItem(block, events, row, receipt));
      lanes.push(events.lanes[events.table[row * COLUMNS + LANE]!]!);
    }
    this.context.deliver(items, lanes);
  }
}
