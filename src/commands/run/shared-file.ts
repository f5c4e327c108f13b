// One file that several runs write: one write at a time, and it is closed with the last of them.

import type { Sink } from "../../engine/contracts.ts";

export class SharedFile {
  private users = 0;
  private closing: Promise<void> | undefined;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly sink: Sink) {}

  /** Set when nothing can be written any more; resolves when it is closed. Never rejects. */
  get over(): Promise<void> | undefined {
    return this.closing?.catch(() => {}); // Told to the run that closes it.
  }

  /** For one run. `closed`: after what it closes is closed. */
  share(closed: () => void): Sink {
    const { sink } = this;
    this.users += 1;
    return {
      limits: sink.limits,
      laneOf: (value) => sink.laneOf(value),
      laneSettings: (lane) => sink.laneSettings(lane),
      encode: (value) => sink.encode(value),
      write: (batch, signal) => this.inTurn(() => sink.write(batch, signal)),
      probe: (lane, signal) => this.inTurn(() => sink.probe(lane, signal)),
      close: () => this.letGo().finally(closed),
    };
  }

  private async letGo(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    this.closing = this.inTurn(() => this.sink.close());
    await this.closing;
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {}); // Whoever waits for `done` is told.
    return done;
  }
}
