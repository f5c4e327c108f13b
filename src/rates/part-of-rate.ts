// A fixed part of a rate: for a process that knows how many others use it, and has no way to ask them.

import type { Clock } from "../engine/clock.ts";
import type { Rates } from "../engine/contracts.ts";
import { Limiter } from "../engine/limiter.ts";

export class PartOfRate extends Limiter {
  constructor(
    clock: Clock,
    rates: Rates,
    largestRequestBytes: number,
    private readonly part: number,
  ) {
    super(clock, partOf(rates, part), largestRequestBytes);
  }

  override change(rates: Rates): void {
    super.change(partOf(rates, this.part));
  }
}

export function partOf({ events, requests, bytes }: Rates, part: number): Rates {
  return { events: events * part, requests: requests * part, bytes: bytes * part };
}
