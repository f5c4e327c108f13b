import type { Rates } from "./contracts.ts";
import type { LaneState } from "./lane-health.ts";

/** What can be seen of a lane from outside. `used`: what went in the last second, of each of the rates. */
export interface LaneView {
  readonly name: string;
  readonly state: LaneState;
  readonly waiting: number;
  /** Writes under way. */
  readonly writing: number;
  readonly writesAllowed: number;
  readonly rates: Rates;
  readonly used: Rates;
}
