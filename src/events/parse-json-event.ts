// LaunchDarkly's own encoding of an export event: one JSON document.

import { isUtf8 } from "node:buffer";

import { DataError } from "../engine/errors.ts";
import { JsonTextError, parseJsonText } from "./json-text.ts";

/** A Pub/Sub message has at most 10 MB, so no event is larger. */
export const MAX_EVENT_BYTES = 10 * 1024 * 1024;
export const MAX_EVENT_DEPTH = 64;

const BYTE_ORDER_MARK = "\ufeff";

/**
 * Yields an object. UTF-8 is strict (a byte order mark is passed over), keys named `__proto__` are dropped, a
 * number is the nearest double. Throws DataError json-too-large, json-invalid, json-too-deep, json-not-an-object.
 */
export function parseJsonEvent(bytes: Uint8Array): object {
  if (bytes.byteLength > MAX_EVENT_BYTES)
    throw new DataError(
      "json-too-large",
      `The event has ${bytes.byteLength} bytes; at most ${MAX_EVENT_BYTES} are allowed.`,
    );
  const value = parse(decodeUtf8(bytes));
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new DataError(
      "json-not-an-object",
      `The event is ${kindOf(value)}, where a JSON object is expected.`,
    );
  return value;
}

function parse(text: string): unknown {
  try {
    return parseJsonText(text, MAX_EVENT_DEPTH);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const { problem, at } = error.mistake;
    if (problem === "depth")
      throw new DataError(
        "json-too-deep",
        `The event is nested deeper than ${MAX_EVENT_DEPTH} at character ${at}.`,
      );
    const where = at >= text.length ? `it ends too early, at character ${at}` : `mistake at character ${at}`;
    throw new DataError("json-invalid", `The event is not JSON: ${where}.`);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  // Only a text with a replacement character can have been anything but UTF-8.
  if (text.includes("\ufffd") && !isUtf8(buffer))
    throw new DataError("json-invalid", `The event is not UTF-8 at byte ${firstBadByte(buffer)}.`);
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** Bisects: a prefix is bad from the first bad byte on, when it is not cut inside a character. */
function firstBadByte(buffer: Buffer): number {
  let good = 0;
  let bad = buffer.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(buffer.subarray(0, wholeCharacters(buffer, middle)))) good = middle;
    else bad = middle;
  }
  return good;
}

/** `end`, moved back to the beginning of a character that it would cut. */
function wholeCharacters(buffer: Buffer, end: number): number {
  let at = end;
  while (at > end - 3 && at > 0 && (buffer[at]! & 0xc0) === 0x80) at--;
  return at;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
