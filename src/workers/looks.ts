// Looks at all workers: one round at a time, for everybody who asks meanwhile. A round is over when everybody has answered,
// has ended, or after two seconds: then what is known of the others is a little older.

import type { Clock } from "../engine/clock.ts";
import type { WorkerSlot } from "./worker-slot.ts";

interface Round {
  readonly id: number;
  readonly missing: Set<WorkerSlot>;
  readonly over: Promise<void>;
  readonly end: () => void;
}

const PATIENCE_MS = 2_000;

export class Looks {
  private round: Round | undefined;
  private rounds = 0;

  /** `metrics`: whether anybody reads them. */
  constructor(
    private readonly clock: Clock,
    private readonly metrics: boolean,
  ) {}

  /** Resolves when as much is known as can be. */
  at(slots: readonly WorkerSlot[]): Promise<void> {
    if (this.round) return this.round.over;
    const there = slots.filter(({ pid }) => pid !== undefined);
    if (there.length === 0) return Promise.resolve();
    this.rounds += 1;
    const id = this.rounds;
    const { promise: over, resolve } = withResolver();
    const cancel = this.clock.after(PATIENCE_MS, () => this.round?.end());
    const end = () => {
      cancel();
      this.round = undefined;
      resolve();
    };
    this.round = { id, missing: new Set(there), over, end };
    for (const slot of there) slot.send({ kind: "look", id, metrics: this.metrics });
    return over;
  }

  /** Also when it has ended. */
  answered(slot: WorkerSlot, id = this.round?.id): void {
    const { round } = this;
    if (!round || round.id !== id) return;
    round.missing.delete(slot);
    if (round.missing.size === 0) round.end();
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
