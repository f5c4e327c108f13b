// A value of the stream as a person gets to see it: masked, without secrets, of bounded size.

import type { SecretScrubber } from "../config/scrubber.ts";
import type { Origin, Shape } from "../engine/contracts.ts";
import { SegmentEvent } from "../events/segment-event.ts";
import type { Mask } from "./masking.ts";

export interface ShownBy {
  readonly mask: Mask;
  readonly scrubber: SecretScrubber;
}

/** Larger values are told by their size only. */
export const MAX_SHOWN_BYTES = 16 * 1024;
const MAX_RAW_BYTES = 1_024;

/** JSON text. */
export function shownText(shape: Shape, value: unknown, { mask, scrubber }: ShownBy): string {
  const text = value instanceof Uint8Array ? bytesText(value, mask) : valueText(mask.apply(shape, value));
  if (text.length > MAX_SHOWN_BYTES) return JSON.stringify({ tooLarge: text.length });
  return scrubber.finds(text) ? scrubber.scrub(text) : text;
}

/** As `shownText`, parsed; undefined when it is too large. */
export function shownValue(shape: Shape, value: unknown, by: ShownBy, { body }: Origin): unknown {
  if (body.byteLength > MAX_SHOWN_BYTES) return undefined;
  return JSON.parse(shownText(shape, value, by));
}

function valueText(value: unknown): string {
  if (value instanceof SegmentEvent) return JSON.stringify(value.message);
  // Avro longs beyond 2^53.
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? one.toString() : one)) ?? "null";
}

function bytesText(bytes: Uint8Array, mask: Mask): string {
  const size = bytes.byteLength;
  if (size > MAX_SHOWN_BYTES) return JSON.stringify({ bytes: size });
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, size);
  const first = buffer[0];
  if (first === 0x7b) {
    try {
      return valueText(mask.apply("export-event", JSON.parse(buffer.toString("utf8"))));
    } catch {
      // Not JSON after all: shown as the bytes that it is.
    }
  }
  // What cannot be read cannot be masked.
  if (!mask.isClear) return JSON.stringify({ bytes: size });
  return JSON.stringify({ bytes: size, base64: buffer.subarray(0, MAX_RAW_BYTES).toString("base64") });
}
