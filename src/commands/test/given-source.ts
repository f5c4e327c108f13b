import { type Clock, sleep } from "../../engine/clock.ts";
import type { Intake, Source, SourceRecord } from "../../engine/contracts.ts";
import type { GivenRecord } from "./given-records.ts";

/** Offers the records of a case, each at its time, and counts what was acked. */
export class GivenSource implements Source {
  readonly redelivers = false;
  acked = 0;

  constructor(
    private readonly given: readonly GivenRecord[],
    private readonly clock: Clock,
  ) {}

  async run(intake: Intake, signal: AbortSignal): Promise<void> {
    let index = 0;
    for (const one of this.given) {
      const early = (one.atMs ?? 0) - this.clock.nowMs();
      if (early > 0) await sleep(this.clock, early, signal);
      for (let i = 0; i < one.times; i++) {
        if (signal.aborted) return;
        const room = intake.offer(this.record(index++, one));
        if (room) await room;
      }
    }
  }

  async close(): Promise<void> {}

  private record(index: number, given: GivenRecord): SourceRecord {
    const { body, attributes, writerSchema, publishedAtMs, attempt } = given;
    return {
      ...{ id: `given#${index}`, body, attributes, writerSchema, publishedAtMs, attempt },
      settle: (how) => {
        if (how === "ack") this.acked += 1;
      },
    };
  }
}
