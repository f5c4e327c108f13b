// One transform at work on chunks: each value on its own, next to its receipt.

import assert from "node:assert";

import { Drop, type Logger, Many, type Origin, type Transform } from "./contracts.ts";
import { DataError, toError } from "./errors.ts";
import type { Cell } from "./metrics.ts";
import { OnceSieve } from "./once-sieve.ts";
import type { Item, PipelineContext, PipelineEvents, PlannedTransform } from "./pipeline.ts";

export class StageRunner {
  readonly type: string;
  readonly held: Cell;
  private readonly transform: Transform;
  private readonly bugs: Cell;
  private readonly log: Logger;
  private readonly sieve: OnceSieve | undefined;

  constructor(
    planned: PlannedTransform,
    readonly index: number,
    context: PipelineContext,
    /** Takes an item through this stage once more. */
    again: (item: Item) => void,
  ) {
    const { metrics } = context;
    this.type = planned.type;
    this.transform = planned.transform;
    this.log = context.log;
    this.held = metrics.cell("held_values", { stage: this.type });
    this.bugs = metrics.cell("stage_bugs_total", { stage: this.type });
    const { once, prepare } = planned.transform;
    assert(!once || !prepare, "what is held would come to the keys twice");
    this.sieve = once && new OnceSieve(once, this.type, context, again);
  }

  prepare(origin: Origin): Promise<void> | undefined {
    return this.transform.prepare?.(origin);
  }

  run(
    items: readonly Item[],
    events: PipelineEvents,
    hold: (item: Item, ready: Promise<void>) => void,
  ): readonly Item[] {
    const out: Item[] = [];
    const prepares = this.transform.prepare !== undefined;
    for (const item of items) {
      let result: unknown;
      try {
        const ready = prepares ? this.prepare(item.origin) : undefined;
        if (ready) {
          hold(item, ready);
          continue;
        }
        if (this.sieve && !this.sieve.passes(item, events)) continue;
        result = this.transform.apply(item.value, item.origin);
      } catch (error) {
        events.rejected(item, this.type, this.explain(item, error));
        continue;
      }
      if (result instanceof Drop) events.dropped(item, this.type, result);
      else if (result instanceof Many) this.spread(item, result, out, events);
      else if (result === item.value) out.push(item);
      else out.push({ value: result, origin: item.origin, receipt: item.receipt });
    }
    return out;
  }

  private spread(item: Item, many: Many<unknown>, out: Item[], events: PipelineEvents): void {
    const { origin, receipt } = item;
    if (many.values.length === 0) {
      events.dropped(item, this.type, nothingMade);
      return;
    }
    receipt.add(many.values.length - 1);
    for (const value of many.values) {
      if (value instanceof DataError) events.rejected(item, this.type, value);
      else out.push({ value, origin, receipt });
    }
  }

  /** Anything but a DataError is the stage's bug: loud, but only this value pays for it. */
  private explain(item: Item, error: unknown): DataError {
    if (error instanceof DataError) return error;
    this.bugs.value += 1;
    this.log.error(
      { stage: this.type, id: item.origin.id, err: error },
      "a transform threw; its value is dead-lettered",
    );
    return asDataError(error);
  }
}

const nothingMade = new Drop("nothing-made");

export function asDataError(error: unknown): DataError {
  if (error instanceof DataError) return error;
  return new DataError("bug", toError(error).message, { cause: error });
}
