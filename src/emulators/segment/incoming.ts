// From the bytes of a POST to its events, or to the 400 that Segment answers. It answers 400 only to what is too
// large, not JSON, or has no usable key (Segment docs, "HTTP Tracking API: Errors"); all else is a 200.

import { gunzipSync } from "node:zlib";

import { type Extent, splitBatch } from "./split-batch.ts";
import { isObject } from "./validate.ts";

// The tightest common reading of "500 KB" and "32 KB".
export const MAX_BATCH_BYTES = 500_000;
export const MAX_EVENT_BYTES = 32_768;
/** Very short keys are answered with 400; longer ones, even unknown, with 200. */
const MIN_KEY_LENGTH = 8;

const SINGLE_TYPES = new Set(["track", "page", "screen", "identify", "group", "alias"]);

export interface Incoming {
  readonly events: readonly unknown[];
  readonly writeKey: string;
  readonly sentAt: unknown;
  readonly context: unknown;
  readonly integrations: unknown;
  /** The bytes of one event as they were sent. */
  bytesOf(index: number): Uint8Array;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface RawRequest {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

export function isIngestPath(path: string): boolean {
  return isBatchPath(path) || SINGLE_TYPES.has(singleTypeOf(path));
}

export function readIncoming(request: RawRequest): Incoming | Refusal {
  if (!/^application\/json\b/i.test(request.contentType ?? ""))
    return { code: "bad_request", message: "Content-Type must be application/json" };
  const body = inflated(request);
  if ("code" in body) return body;
  const batch = isBatchPath(request.path);
  const limit = batch ? MAX_BATCH_BYTES : MAX_EVENT_BYTES;
  if (body.length > limit)
    return { code: "payload_too_large", message: `${body.length} bytes; at most ${limit} are taken` };
  const document = parsed(body);
  if (!isObject(document)) return { code: "invalid_json", message: "the body is not a JSON object" };
  const writeKey = keyOf(request.authorization, document["writeKey"]);
  if (writeKey.length < MIN_KEY_LENGTH)
    return { code: "invalid_write_key", message: "the write key is missing or too short" };
  return batch
    ? batchOf(document, body, writeKey)
    : singleOf(document, body, writeKey, singleTypeOf(request.path));
}

function batchOf(
  document: Readonly<Record<string, unknown>>,
  body: Buffer,
  writeKey: string,
): Incoming | Refusal {
  const events: unknown = document["batch"];
  if (!Array.isArray(events)) return { code: "bad_request", message: "batch is not an array" };
  if (events.length === 0) return { code: "empty_batch", message: "batch is empty" };
  let extents: Extent[] | undefined;
  if (body.length > MAX_EVENT_BYTES) {
    extents = splitBatch(body);
    const large = extents.findIndex(({ start, end }) => end - start > MAX_EVENT_BYTES);
    if (large >= 0)
      return { code: "payload_too_large", message: `event ${large} is over ${MAX_EVENT_BYTES} bytes` };
  }
  const bytesOf = (index: number): Uint8Array => {
    extents ??= splitBatch(body);
    const extent = extents[index];
    return extent
      ? body.subarray(extent.start, extent.end)
      : Buffer.from(JSON.stringify(events[index]) ?? "");
  };
  const { sentAt, context, integrations } = document;
  return { events, writeKey, sentAt, context, integrations, bytesOf };
}

function singleOf(
  document: Readonly<Record<string, unknown>>,
  body: Buffer,
  writeKey: string,
  type: string,
): Incoming {
  const { writeKey: _, ...event } = document;
  const nothing = { sentAt: undefined, context: undefined, integrations: undefined };
  return { events: [{ ...event, type }], writeKey, ...nothing, bytesOf: () => body };
}

function isBatchPath(path: string): boolean {
  return path === "/v1/batch" || path === "/v1/import";
}

function singleTypeOf(path: string): string {
  return path.startsWith("/v1/") ? path.slice("/v1/".length) : "";
}

function inflated({ body, contentEncoding }: RawRequest): Buffer | Refusal {
  if (contentEncoding === undefined || contentEncoding === "identity") return body;
  if (contentEncoding !== "gzip")
    return { code: "bad_request", message: `Content-Encoding ${contentEncoding.slice(0, 20)} is not known` };
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BATCH_BYTES + 1 });
  } catch {
    // Which of the two it was makes no difference to the sender: the body cannot be used.
    return { code: "invalid_json", message: "the gzip body is damaged or too large" };
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // Reported as invalid_json by the caller, without the parser's message, which quotes the payload.
    return undefined;
  }
}

/** The body's key goes first, as Segment documents it; Basic has the key as user name and an empty password. */
function keyOf(authorization: string | undefined, inBody: unknown): string {
  if (typeof inBody === "string" && inBody !== "") return inBody;
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1];
  if (basic === undefined) return "";
  const pair = Buffer.from(basic, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? "" : pair.slice(0, colon);
}
