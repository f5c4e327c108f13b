// The drops of one block, counted before they are told: an object per drop would cost more than the drop.

import type { CountedDrop } from "../engine/packed.ts";

interface Counted extends CountedDrop {
  count: number;
  readonly index: number;
}

export class DropTally {
  private readonly counts: Map<string, Counted>[];
  private drops: Counted[] = [];

  /** `kinds`: the stage and reason of each place. */
  constructor(private readonly kinds: readonly { readonly stage: string; readonly reason: string }[]) {
    this.counts = kinds.map(() => new Map());
  }

  /** Yields the place that it will have in what `take` yields. */
  add(place: number, detail: string): number {
    const counts = this.counts[place]!;
    let counted = counts.get(detail);
    if (!counted) {
      counted = { ...this.kinds[place]!, detail, count: 0, index: this.drops.length };
      counts.set(detail, counted);
      this.drops.push(counted);
    }
    counted.count += 1;
    return counted.index;
  }

  /** All since the last call. */
  take(): CountedDrop[] {
    const { drops } = this;
    if (drops.length === 0) return drops;
    this.drops = [];
    for (const counts of this.counts) counts.clear();
    return drops;
  }
}
