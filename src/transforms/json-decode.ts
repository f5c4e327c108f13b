// Bytes of one JSON document -> export event. LaunchDarkly itself publishes this form.
//
// Nothing says that LaunchDarkly compresses, but republishers do: gzip is recognised by its first two bytes
// (RFC 1952), which no JSON text can begin with.

import { gunzipSync } from "node:zlib";

import Type from "typebox";

import { defineTransform } from "../engine/contracts.ts";
import { DataError, toError } from "../engine/errors.ts";
import { parseJsonEvent } from "../events/parse-json-event.ts";

const config = Type.Object(
  {
    maxInflatedBytes: Type.Integer({
      default: 10_485_760,
      minimum: 1_024,
      maximum: 10_485_760,
      description:
        "Most bytes that a gzip-compressed event may have after decompression. A larger one is a dead letter; it is never inflated further than this.",
    }),
  },
  { additionalProperties: false },
);

export default defineTransform({
  type: "json-decode",
  summary: "Reads one JSON document per record, as LaunchDarkly publishes it; gzip is recognised.",
  config,
  example: { maxInflatedBytes: 1_048_576 },
  accepts: "bytes",
  emits: "export-event",
  rejects: {
    "json-invalid": "The bytes are not one JSON document in UTF-8. Check what else publishes to the topic.",
    "json-too-deep": "The document is nested deeper than an event can be.",
    "json-too-large": "The document is larger than an event can be, or inflates beyond maxInflatedBytes.",
    "json-not-an-object": "The document is JSON but no object: a list, a text, a number.",
    "gzip-corrupt": "The bytes begin like gzip, but cannot be decompressed.",
  },
  create({ maxInflatedBytes }) {
    return {
      formOf: ({ body }) => (body[0] === BRACE ? "json" : undefined),
      // The shape "bytes" is a Uint8Array; anything else is a bug of the stage before.
      apply: (value) => {
        const bytes = value as Uint8Array;
        return parseJsonEvent(isGzip(bytes) ? inflate(bytes, maxInflatedBytes) : bytes);
      },
    };
  },
});

/** `{` */
const BRACE = 0x7b;

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function inflate(bytes: Uint8Array, maxInflatedBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxInflatedBytes });
  } catch (thrown) {
    const cause = toError(thrown);
    if ("code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE")
      throw new DataError(
        "json-too-large",
        `the gzip-compressed event has more than ${maxInflatedBytes} bytes inside (${bytes.byteLength} compressed)`,
        { cause },
      );
    throw new DataError(
      "gzip-corrupt",
      `the event (${bytes.byteLength} bytes) begins like gzip, but cannot be decompressed: ${cause.message}`,
      { cause },
    );
  }
}
