// Grants that were used and whose requests were not answered yet. When a request arrives is known only by its answer
// (engine/late-arrivals.ts), so the store counts a grant longer until it hears of that, with the next question.

import { type AnsweredGrant, MAX_ANSWERED } from "./rate-store.ts";

interface Flight {
  readonly id: string;
  /** The store is told that it was used then, so it counts as if it had arrived then. */
  readonly sentAtMs: number;
}

/** More requests than are ever under way, and than are answered between two questions. */
const MAX_FLIGHTS = 256;

export class GrantsInFlight {
  private flights: Flight[] = [];
  private done: AnsweredGrant[] = [];

  used(id: string, sentAtMs: number): void {
    this.flights.push({ id, sentAtMs });
    if (this.flights.length > MAX_FLIGHTS) this.flights.shift();
  }

  /** Nothing was sent with it. */
  givenBack(id: string): void {
    this.add({ id, lateMs: 0 });
  }

  /** The request that was sent then arrived at most so much later. */
  answered(sentAtMs: number, lateMs: number): void {
    // The lane looked at the clock a moment before it spent.
    const at = this.flights.findIndex((one) => one.sentAtMs >= sentAtMs);
    const [flight] = at < 0 ? [] : this.flights.splice(at, 1);
    if (flight) this.add({ id: flight.id, lateMs });
  }

  /** For the next question, each once. */
  take(): readonly AnsweredGrant[] {
    return this.done.splice(0, MAX_ANSWERED);
  }

  /** What the store is not told counts longer than it has to. */
  private add(answered: AnsweredGrant): void {
    this.done.push(answered);
    if (this.done.length > MAX_FLIGHTS) this.done.shift();
  }
}
