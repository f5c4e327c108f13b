// Looks whether a parked destination accepts again: now and then, and at once when it was edited.
//
//   idle --later--> waiting --(time)--> probing --(it would accept)--> idle
//                     |---- now ------->   `------(it would not)-----> waiting, or probing if asked meanwhile

import type { Clock } from "./clock.ts";
import { SinkFault } from "./errors.ts";

export interface ProbeEvents {
  /** One attempt: resolves when a write would be accepted, throws SinkFault when not. */
  probe(): Promise<void>;
  accepts(): void;
  bug(error: unknown): void;
}

export class LaneProbe {
  private cancel: () => void = () => {};
  private probing = false;
  private askedMeanwhile = false;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private everyMs: number,
    private readonly events: ProbeEvents,
  ) {}

  later(): void {
    this.cancel();
    if (!this.stopped) this.cancel = this.clock.after(this.everyMs, () => void this.now());
  }

  /** `everyMs`: how often from now on. */
  soon(everyMs: number): void {
    this.everyMs = everyMs;
    void this.now();
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  private async now(): Promise<void> {
    this.cancel();
    this.askedMeanwhile = this.probing;
    if (this.probing) return;
    this.probing = true;
    const outcome = await this.attempt();
    this.probing = false;
    if (this.stopped) return;
    if (outcome === undefined) this.events.accepts();
    else if (!(outcome.error instanceof SinkFault)) this.events.bug(outcome.error);
    else if (this.askedMeanwhile) void this.now();
    else this.later();
  }

  private async attempt(): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.events.probe();
      return undefined;
    } catch (error) {
      return { error };
    }
  }
}
