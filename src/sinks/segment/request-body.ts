// The body of one POST to /v1/batch:
//
//   {"batch":[<event>,<event>],"sentAt":"2026-01-01T00:00:00.000Z","context":{"library":{…}},"writeKey":"…"}
//
// Events go in as they were encoded, untouched. All that changes between two attempts, or between two versions
// of Sluice, stands around them, so the bytes of an event stay the same for ever. Segment merges the
// batch-level `context` into each event (Segment docs, "HTTP Tracking API: Batch").

import type { Encoded } from "../../engine/contracts.ts";
import { writeItems } from "../../engine/packed.ts";

/** Keys are 32 letters and digits today; a limit makes the size of the envelope known before the key is. */
export const MAX_WRITE_KEY_LENGTH = 128;

const PREFIX = '{"batch":[';
const COMMA = 0x2c;

export interface Envelope {
  /** ISO 8601 with milliseconds: the wall clock at this very attempt. */
  readonly sentAt: string;
  readonly writeKey: string;
  readonly version: string;
}

/** An upper bound of the bytes around the events, and exact for a key of MAX_WRITE_KEY_LENGTH characters. */
export function envelopeBytes(version: string): number {
  const longest = { sentAt: "2026-01-01T00:00:00.000Z", writeKey: "k".repeat(MAX_WRITE_KEY_LENGTH), version };
  return PREFIX.length + Buffer.byteLength(suffixOf(longest));
}

/**
 * One Buffer of exactly the body's length. Writing each text into place costs 0.13 to 0.2 µs an event of 450
 * bytes; joining strings and encoding the result costs 0.7 µs.
 */
export function buildBody(items: readonly Encoded<unknown>[], envelope: Envelope): Buffer {
  const suffix = suffixOf(envelope);
  const suffixBytes = Buffer.byteLength(suffix);
  let total = PREFIX.length + suffixBytes + Math.max(0, items.length - 1);
  for (const item of items) total += item.bytes;
  const body = Buffer.allocUnsafe(total);
  const from = body.write(PREFIX, 0, "latin1");
  // The comma behind the last event makes way for what follows.
  const at = items.length === 0 ? from : writeItems(items, body, from, COMMA) - 1;
  if (body.write(suffix, at, "utf8") !== suffixBytes) throw new Error("the items are longer than they claim");
  return body;
}

function suffixOf({ sentAt, writeKey, version }: Envelope): string {
  const context = `{"library":{"name":"sluice","version":${JSON.stringify(version)}}}`;
  return `],"sentAt":"${sentAt}","context":${context},"writeKey":${JSON.stringify(writeKey)}}`;
}
