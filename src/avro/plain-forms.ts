// The plain (JSON) form of each logical type. "Plain" is what the same event would be as LaunchDarkly's JSON.
//
//   json (string)                 the JSON value in the text
//   timestamp-*, local-timestamp-* Unix milliseconds, a fraction when the unit is finer
//   time-*                        milliseconds since midnight
//   date                          "2026-11-23"
//   decimal                       "-12.50", exact
//   duration                      ISO 8601, "P1M2DT3.004S"
//   uuid, and any other           as the underlying type

import { DataError } from "../engine/errors.ts";
import { JsonTextError, parseJsonText } from "../events/json-text.ts";
import type { Cursor } from "./cursor.ts";

export type Read = (cursor: Cursor) => unknown;

/** JSON texts nest in the event they are part of; together they stay within what a JSON event may have. */
const MAX_JSON_DEPTH = 60;

export function readJson(cursor: Cursor): unknown {
  const text = cursor.string();
  // The texts that are most often there, without the parser.
  if (text === "true") return true;
  if (text === "false") return false;
  try {
    return parseJsonText(text, MAX_JSON_DEPTH);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const { problem, at } = error.mistake;
    const what = problem === "depth" ? `is nested deeper than ${MAX_JSON_DEPTH}` : "is not JSON";
    throw new DataError("avro-bad-json", `A field that holds JSON text ${what} at character ${at}.`);
  }
}

/** For timestamps and times of day. The unit is the one that the writer names. */
export function readTime(readNumber: (cursor: Cursor) => number, mark: string): Read {
  if (mark.endsWith("-micros")) return (cursor) => readNumber(cursor) / 1000;
  if (mark.endsWith("-nanos")) return readNanos;
  return readNumber;
}

function readNanos(cursor: Cursor): number {
  const nanos = cursor.bigLong();
  const millis = nanos / 1_000_000n;
  return Number(millis) + Number(nanos - millis * 1_000_000n) / 1e6;
}

const DAY_MS = 86_400_000;
/** What a JavaScript Date can hold, in days. */
const MAX_DAYS = 100_000_000;

export function readDate(cursor: Cursor): string {
  const days = cursor.int();
  if (Math.abs(days) > MAX_DAYS) cursor.fail("avro-bad-date", `day ${days} is beyond any calendar`);
  return new Date(days * DAY_MS).toISOString().replace(/T.*/, "");
}

/** A big-endian two's complement integer, `scale` of whose digits stand after the point. */
export function decimalText(bytes: Buffer, scale: number): string {
  const unsigned = bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`);
  const value = BigInt.asIntN(bytes.length * 8, unsigned);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = value < 0n ? "-" : "";
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`;
}

/** Three little-endian unsigned numbers: months, days, milliseconds. */
export function durationText(bytes: Buffer): string {
  const millis = bytes.readUInt32LE(8);
  const seconds = (millis / 1000).toString();
  return `P${bytes.readUInt32LE(0)}M${bytes.readUInt32LE(4)}DT${seconds}S`;
}

/** A decimal beyond this is no amount of anything, and its text would cost the square of its length. */
export const MAX_DECIMAL_BYTES = 1024;
