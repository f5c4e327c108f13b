// The drops of one block, counted before they are told: an object per drop would cost more than the drop.

import type { CountedDrop } from "../engine/packed.ts";

export class DropTally {
  private readonly counts: Map<string, number>[];

  /** `kinds`: the stage and reason of each place. */
  constructor(private readonly kinds: readonly { readonly stage: string; readonly reason: string }[]) {
    this.counts = kinds.map(() => new Map());
  }

  add(place: number, detail: string): void {
    const counts = this.counts[place]!;
    counts.set(detail, (counts.get(detail) ?? 0) + 1);
  }

  /** All since the last call. */
  take(): CountedDrop[] {
    const drops: CountedDrop[] = [];
    for (const [place, counts] of this.counts.entries()) {
      for (const [detail, count] of counts) drops.push({ ...this.kinds[place]!, detail, count });
      counts.clear();
    }
    return drops;
  }
}
