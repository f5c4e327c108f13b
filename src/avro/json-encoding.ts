// Avro's JSON encoding, which Pub/Sub uses for topics with encoding JSON: values of unions are wrapped,
// `{"string": "x"}`, and bytes are text (Apache Avro specification, "JSON Encoding"). It is not the plain JSON
// that LaunchDarkly publishes.
//
// It is turned into the binary encoding of the same datum, so that one decoder does all that follows.

import { DataError, toError } from "../engine/errors.ts";
import { parseJsonEvent } from "../events/parse-json-event.ts";
import type { AvroSchema } from "./schema.ts";

/** Throws DataError: those of `parseJsonEvent`, and `avro-bad-json-encoding`. */
export function binaryFromJson(writer: AvroSchema, body: Uint8Array): Buffer {
  // Checks size, depth, UTF-8 and syntax, and drops `__proto__`; avsc then takes the text of what is left.
  const value = parseJsonEvent(body);
  checkNumbers(value);
  try {
    return writer.type.toBuffer(writer.type.fromString(JSON.stringify(value)));
  } catch (error) {
    throw new DataError(
      "avro-bad-json-encoding",
      `Not the Avro JSON encoding of the writer's schema: ${toError(error).message.slice(0, 200)}.`,
      { cause: error },
    );
  }
}

/** avsc writes a long below -2^52 with its last digit lost. */
function checkNumbers(value: unknown): void {
  if (typeof value === "number" && value < -(2 ** 52) && value > -(2 ** 53))
    throw new DataError("avro-long-out-of-range", `The number ${value} would lose digits.`);
  if (value !== null && typeof value === "object")
    for (const child of Object.values(value)) checkNumbers(child);
}
