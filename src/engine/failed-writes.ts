// Says which writes failed, so that one can be found on both sides: by the destination's request id, and by event ids.
//
// An outage is many failed writes with one reason. The first of a reason is said at once, the others are counted, and
// the next one that is said tells how many there were. At debug every one is said, with what the destination answered.

import type { Clock } from "./clock.ts";
import type { Batch, Logger } from "./contracts.ts";
import type { SinkFault } from "./errors.ts";

/** A reason is said so often, in ms. */
const SAID_EVERY_MS = 60_000;
const SHOWN_EVENTS = 3;
/** Codes are few; a sink that makes them up costs nothing but lines. */
const MOST_CODES = 64;

interface Said {
  readonly atMs: number;
  unsaid: number;
}

export class FailedWrites {
  private readonly said = new Map<string, Said>();

  constructor(
    private readonly lane: string,
    private readonly world: { readonly clock: Clock; readonly log: Logger },
  ) {}

  add({ items, attempt, answer }: Pick<Batch, "items" | "attempt" | "answer">, fault: SinkFault): void {
    const { clock, log } = this.world;
    const fields = {
      destination: this.lane,
      code: fault.code,
      status: answer?.status,
      requestId: answer?.requestId,
      attempt,
      events: items.length,
      eventIds: items.slice(0, SHOWN_EVENTS).map(({ origin }) => origin.id),
    };
    log.debug({ ...fields, said: fault.said }, "a write failed");
    const before = this.said.get(fault.code);
    if (before && clock.nowMs() - before.atMs < SAID_EVERY_MS) {
      before.unsaid += 1;
      return;
    }
    if (this.said.size >= MOST_CODES) this.said.clear();
    this.said.set(fault.code, { atMs: clock.nowMs(), unsaid: 0 });
    log.warn({ ...fields, unsaid: before?.unsaid ?? 0 }, `a write failed: ${fault.message}`);
  }
}
