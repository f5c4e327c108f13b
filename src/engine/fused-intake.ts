// Where an admitted record goes: a block through the fused plan, a message with others through one of its own
// (fused-records.ts); what those leave, and every other record, through the stages. It is the pipeline's own door, so that behind it (delivery, drops, dead letters, settlement) all is one.
//
// A block's receipt has one part for each event and each datum left, or is done at once when there are none. While a
// plan works on it elsewhere (a worker), it keeps the one part it began with.

import { Drop } from "./contracts.ts";
import type { Guard } from "./crash-loop.ts";
import type { DropCounter } from "./drop-counter.ts";
import { FusedRecords } from "./fused-records.ts";
import type { Receipt } from "./ledger.ts";
import type { Cell } from "./metrics.ts";
import { type DataBlock, type FusedPlan, type PackedEvents, PackedItem } from "./packed.ts";
import { allowsFusion, type RunObserver } from "./observers.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { RunInside } from "./run-inside.ts";

export interface FusedContext {
  /** `values_total`. */
  readonly values: Cell;
  readonly drops: DropCounter;
  readonly guard: Guard | undefined;
  /** Data that were dropped: for the dead-letter window. */
  good(count: number): void;
  /** The items of one block. */
  deliver(items: readonly PackedItem[]): void;
  /** A bug of the plan: the run fails. */
  bug(error: unknown): void;
}

export interface FusedParts extends Pick<Plan, "fused" | "fusedRecords" | "transforms"> {
  readonly observer: RunObserver | undefined;
  readonly inside: RunInside;
}

/** What the plans may do depends on who watches: an observer that must see each value keeps the stages apart. */
export function fusedIntake(parts: FusedParts, pipeline: Pipeline, context: FusedContext): FusedIntake {
  const blocks = parts.observer?.dropped ? undefined : parts.fused;
  return new FusedIntake(blocks, fusedRecords(parts, pipeline, context), pipeline, context);
}

function fusedRecords(
  { fusedRecords: plan, transforms, observer, inside }: FusedParts,
  pipeline: Pipeline,
  context: FusedContext,
): FusedRecords | undefined {
  const decode = transforms[0]?.transform;
  if (!plan || !decode?.formOf || (observer && !allowsFusion(observer))) return undefined;
  const stages = transforms.map(({ type }) => type);
  return new FusedRecords(plan, pipeline, {
    ...context,
    watched: () => observer?.watchesArrows ?? false,
    formOf: (origin) => decode.formOf?.(origin),
    decode: (origin) => decode.apply(origin.body, origin),
    taken(records) {
      inside.took(records, stages);
      observer?.taken?.(records);
    },
  });
}

export class FusedIntake {
  private stopped = false;

  constructor(
    private readonly plan: FusedPlan | undefined,
    private readonly records: FusedRecords | undefined,
    private readonly pipeline: Pipeline,
    private readonly context: FusedContext,
  ) {}

  push(receipt: Receipt): void {
    const { plan, records, pipeline } = this;
    const { block, entries } = receipt.record;
    if (this.context.guard?.watching) pipeline.push(receipt);
    else if (block && plan) this.run(plan, receipt, block);
    else if (records && !entries) records.push(receipt);
    else pipeline.push(receipt);
  }

  stop(): void {
    this.stopped = true;
    this.records?.stop();
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
    const of = { block, events };
    const items: PackedItem[] = [];
    for (let row = 0; row < events.events; row++) items.push(new PackedItem(of, row, receipt));
    this.context.deliver(items);
  }
}
