import type { Logger } from "../../engine/contracts.ts";

/** One damaged file can have a million bad lines; after this many they are only counted. */
const MOST_SHOWN = 20;

/** Says where lines were skipped, and keeps count. */
export class DamageReport {
  lines = 0;

  constructor(private readonly log: Logger) {}

  readonly damaged = (place: string, why: string): void => {
    this.lines += 1;
    if (this.lines <= MOST_SHOWN) this.log.warn({ place }, `${place}: ${why}; skipped`);
    if (this.lines === MOST_SHOWN) this.log.warn({}, "more damaged lines are counted, not shown");
  };
}
