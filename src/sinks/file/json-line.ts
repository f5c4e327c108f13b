// One value as one line of NDJSON.

import { isUtf8 } from "node:buffer";

import { DataError, toError } from "../../engine/errors.ts";

/** Dead-letter codes of `jsonLine`, for the `rejects` of the sinks that use it. */
export const jsonLineRejects = {
  "not-a-line": "The value cannot be written as one line of JSON; the message says why.",
} as const;

/**
 * The JSON text of a value, without a newline. Bytes (of a pipeline that does not decode) are taken as JSON text;
 * as they are when they are one line, written anew when they are several. Throws DataError `not-a-line`.
 */
export function jsonLine(value: unknown): string {
  if (value instanceof Uint8Array) return bytesAsLine(value);
  try {
    const text: unknown = JSON.stringify(value);
    if (typeof text === "string") return text;
  } catch (error) {
    // A BigInt, a cycle, or a toJSON that throws.
    throw notALine(toError(error).message, error);
  }
  throw notALine(`a value of type ${typeof value} has no JSON form`);
}

function bytesAsLine(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw notALine(`${bytes.length} bytes that are not UTF-8`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (!text.includes("\n")) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw notALine("several lines of bytes that are not JSON", error);
  }
}

function notALine(why: string, cause?: unknown): DataError {
  return new DataError("not-a-line", `Cannot be written as one line of JSON: ${why}.`, { cause });
}
