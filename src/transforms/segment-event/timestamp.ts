// `creationDate` (Unix milliseconds) -> the ISO 8601 text that Segment takes as `timestamp`.

import { DataError } from "../../engine/errors.ts";
import { describe, nameOf, type EventDocument } from "../../events/envelope.ts";

/** 9999-12-31T23:59:59.999Z: later years have no four-digit form, which Segment's readers do not take. */
export const LATEST_MS = 253_402_300_799_999;

/** Whole milliseconds. Throws DataError bad-timestamp. Go writes times as floats, so fractions are rounded. */
export function creationMs(event: EventDocument): number {
  const date = event["creationDate"];
  if (typeof date === "number") {
    const ms = Math.round(date);
    if (ms > 0 && ms <= LATEST_MS) return ms;
  }
  throw new DataError(
    "bad-timestamp",
    `creationDate of ${nameOf(event)} must be Unix milliseconds between 1 and ${LATEST_MS}, but is ${describe(date)}`,
  );
}

const MILLISECONDS = Array.from({ length: 1_000 }, (_, ms) => `.${String(ms).padStart(3, "0")}Z`);

/** Seconds remembered: neighbours are mostly of the last minutes, but not in order. */
const SECONDS = 256;
const seconds = new Float64Array(SECONDS).fill(Number.NaN);
const texts: string[] = new Array<string>(SECONDS).fill("");

/**
 * `2019-09-13T21:20:18.114Z`. The part up to the second is remembered for a while: 0.02 in place of 0.46 µs
 * (Date's own `toISOString`).
 */
export function isoTime(ms: number): string {
  const second = Math.floor(ms / 1_000);
  const place = second % SECONDS;
  if (seconds[place] !== second) {
    texts[place] = new Date(second * 1_000).toISOString().slice(0, 19);
    seconds[place] = second;
  }
  return texts[place]! + (MILLISECONDS[ms - second * 1_000] ?? "");
}
