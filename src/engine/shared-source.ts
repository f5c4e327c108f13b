// A source that outlives the runs it feeds: a reload changes what becomes of records, not where they come from. Streams,
// leases and the memory of delivered ids go on as they are, so nothing that is in hand is asked for again.
//
//   idle --(the first share runs)--> feeding the newest share --(that one takes in no more)--> stopped --(the last share
//   closes)--> closed
//
// What was offered settles on the source whichever run holds it by then.

import type { Intake, Source } from "./contracts.ts";

export class SharedSource {
  readonly redelivers: boolean;
  private intake: Intake | undefined;
  private shares = 0;
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly source: Source) {
    this.redelivers = source.redelivers;
  }

  /** Set when it cannot feed another run: it was stopped. */
  get over(): Promise<void> | undefined {
    return this.stop.signal.aborted ? Promise.resolve() : undefined;
  }

  /** For one run. From the moment it runs it gets all that comes, in place of the share before it. */
  share(closed: () => void): Source {
    this.shares += 1;
    return {
      redelivers: this.redelivers,
      run: (intake, signal) => this.feed(intake, signal),
      close: () => this.letGo().finally(closed),
    };
  }

  /** Resolves when the source ended or this run takes in no more. Rejects when the source failed. */
  private async feed(intake: Intake, signal: AbortSignal): Promise<void> {
    this.intake = intake;
    this.running ??= this.source.run({ offer: (record) => this.intake!.offer(record) }, this.stop.signal);
    const { running } = this;
    let end = () => {};
    const asked = new Promise<void>((resolve) => {
      // At once, and not in a later turn: a share that is made in between must see it.
      end = () => {
        if (this.intake === intake) this.stop.abort();
        resolve();
      };
    });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    try {
      await Promise.race([running, asked]);
      // A source that stops gives back what it had buffered before it resolves.
      if (this.stop.signal.aborted) await running;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  private async letGo(): Promise<void> {
    this.shares -= 1;
    if (this.shares > 0) return;
    this.stop.abort();
    await this.running?.catch(() => {}); // Told to the runs that it fed.
    await this.source.close();
  }
}
