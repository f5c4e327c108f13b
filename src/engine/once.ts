// What a stage says that lets each key through once. It names keys and bounds; the keys themselves are kept by the
// engine (duplicates.ts), because only the engine knows what became of the first value of each.

import type { Origin } from "./contracts.ts";

export interface Once {
  /** Called once per value. Undefined: it has no key and passes. Throws DataError as `apply` does. */
  keyOf(value: unknown, origin: Origin): string | undefined;
  /** For how long after the first value another one with its key is a duplicate, in ms. */
  readonly windowMs: number;
  /** Keys kept at most: the oldest is forgotten first. */
  readonly maxKeys: number;
}
