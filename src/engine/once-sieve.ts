// A stage that lets each key through once, at work: asks for keys, drops duplicates, and keeps those that wait.

import { Drop } from "./contracts.ts";
import { Duplicates } from "./duplicates.ts";
import type { Cell } from "./metrics.ts";
import type { Once } from "./once.ts";
import type { Item, PipelineContext, PipelineEvents } from "./pipeline.ts";

/** Shared, as every drop. */
const duplicate = new Drop("duplicate");

export class OnceSieve {
  private readonly keys: Duplicates;
  private readonly waiting: Cell;

  constructor(
    private readonly once: Once,
    private readonly type: string,
    { clock, metrics }: Pick<PipelineContext, "clock" | "metrics">,
    /** Judges a value anew: what it waited for was given back. */
    private readonly again: (item: Item) => void,
  ) {
    this.waiting = metrics.cell("waiting_duplicates", { stage: type });
    const forgotten = metrics.cell("keys_forgotten_total", { stage: type });
    this.keys = new Duplicates(once, clock, () => {
      forgotten.value += 1;
    });
  }

  /** False: it was dealt with, or will be. Throws what `keyOf` throws. */
  passes(item: Item, events: Pick<PipelineEvents, "dropped">): boolean {
    // Somebody sends it a second time on purpose, perhaps once for each destination that missed it.
    if (item.origin.redrives !== undefined) return true;
    const key = this.once.keyOf(item.value, item.origin);
    if (key === undefined) return true;
    const judgement = this.keys.judge(key, item.receipt);
    if (judgement === "pass") return true;
    if (judgement === "duplicate") events.dropped(item, this.type, duplicate);
    else {
      this.waiting.value += 1;
      judgement.whenKnown((how) => {
        this.waiting.value -= 1;
        if (how === "ack") events.dropped(item, this.type, duplicate);
        else this.again(item);
      });
    }
    return false;
  }
}
