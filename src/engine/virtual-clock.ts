// A clock that stands still until told to move: the same run, second for second, every time.

import type { Clock } from "./clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** Lets promise callbacks and `setImmediate` work that is already queued run to its end. */
export async function settleMicrotasks(turns = 2): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export class VirtualClock implements Clock {
  private now = 0;
  private order = 0;
  private timers: Timer[] = [];

  constructor(private readonly epochMs = Date.UTC(2026, 0, 1)) {}

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return this.epochMs + Math.floor(this.now);
  }

  after(ms: number, fn: () => void): () => void {
    const timer: Timer = { atMs: this.now + Math.max(0, ms), order: this.order++, fn };
    this.timers.push(timer);
    return () => {
      const index = this.timers.indexOf(timer);
      if (index >= 0) this.timers.splice(index, 1);
    };
  }

  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Moves time on by `ms`, firing every timer that comes due, in order, and what each sets going. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await settleMicrotasks();
    for (let next = this.earliest(until); next; next = this.earliest(until)) {
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.atMs);
      next.fn();
      await settleMicrotasks();
    }
    this.now = until;
  }

  /** Advances timer by timer until `done` holds; throws when time, timers or steps run out first. */
  async runUntil(done: () => boolean, limitMs = 3_600_000, maxSteps = 100_000): Promise<void> {
    const until = this.now + limitMs;
    await settleMicrotasks();
    for (let step = 0; !done(); step++) {
      if (step === maxSteps)
        throw new Error(`${maxSteps} timers fired by ${this.now} ms, and the run is not done`);
      const next = this.earliest(until);
      if (!next) throw new Error(`nothing left to happen at ${this.now} ms, but the run is not done`);
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.atMs);
      next.fn();
      await settleMicrotasks();
    }
  }

  private earliest(untilMs: number): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs > untilMs) continue;
      if (!best || timer.atMs < best.atMs || (timer.atMs === best.atMs && timer.order < best.order))
        best = timer;
    }
    return best;
  }
}
