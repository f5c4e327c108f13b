// Grants whose requests may have arrived after the time that the store was told. The store hears of them with the next
// question, and counts them longer (engine/late-arrivals.ts says why).

import { type LateGrant, MAX_LATE } from "./rate-store.ts";

interface Flight {
  readonly id: string;
  /** The store is told that it was used then, so it counts as if it had arrived then. */
  readonly sentAtMs: number;
}

/** More requests than are ever under way. */
const MAX_FLIGHTS = 256;

export class LateGrants {
  private flights: Flight[] = [];
  private late: LateGrant[] = [];

  used(id: string, sentAtMs: number): void {
    this.flights.push({ id, sentAtMs });
    if (this.flights.length > MAX_FLIGHTS) this.flights.shift();
  }

  /** The request that was sent then arrived at most so much later. Whether the store has to know. */
  answered(sentAtMs: number, lateMs: number): boolean {
    // The lane looked at the clock a moment before it spent.
    const at = this.flights.findIndex((one) => one.sentAtMs >= sentAtMs);
    const [flight] = at < 0 ? [] : this.flights.splice(at, 1);
    if (!flight) return false;
    if (lateMs <= 0 || this.late.length >= MAX_LATE) return false;
    this.late.push({ id: flight.id, ms: lateMs });
    return true;
  }

  /** For the next question, each once. */
  take(): readonly LateGrant[] {
    const { late } = this;
    this.late = [];
    return late;
  }
}
