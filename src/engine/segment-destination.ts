// What Segment needs of a destination.

import type { Rates } from "./contracts.ts";
import type { Reach } from "./reach.ts";

export interface SegmentDestinationConfig {
  /** A function so that the key is never printed by accident. */
  readonly writeKey: () => string;
  readonly userIdContextKind: string;
  readonly anonymousIdContextKind: string;
  /** Base URL without a trailing slash, for example `https://api.segment.io`. */
  readonly endpoint: string;
  /** Set when whoever may edit destinations named the endpoint: no other than public addresses and these. */
  readonly reach?: Reach;
  readonly rates: Rates;
}
