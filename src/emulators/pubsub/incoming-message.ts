// Reads a PublishRequest without building its messages: they are kept as the bytes they came as, and only what the
// rules ask for is measured. Decoding and encoding again costs five times as much as everything else that happens
// to a message here.
//
//   PublishRequest { 1: topic, 2: repeated PubsubMessage }
//   PubsubMessage  { 1: data, 2: map<string, string> attributes, 3: message_id, 4: publish_time, 5: ordering_key }

import type { PublishRequest } from "./wire.ts";

export interface IncomingMessage {
  /** An encoded PubsubMessage, within the request's buffer. */
  readonly wire: Buffer;
  readonly data: Buffer;
  readonly attributes: number;
  readonly longestKey: number;
  readonly shortestKey: number;
  readonly longestValue: number;
  readonly orderingKeyBytes: number;
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Throws for what is not Protocol Buffers; gRPC answers that with INTERNAL. */
export function readPublishRequest(request: Buffer): PublishRequest {
  let topic = "";
  const messages: IncomingMessage[] = [];
  eachField(request, (field, value) => {
    if (field === 1) topic = value.toString("utf8");
    else if (field === 2) messages.push(measured(value));
  });
  return { topic, messages };
}

export function measured(wire: Buffer): IncomingMessage {
  let data = wire.subarray(0, 0);
  let attributes = 0;
  let longestKey = 0;
  let shortestKey = Number.POSITIVE_INFINITY;
  let longestValue = 0;
  let orderingKeyBytes = 0;
  eachField(wire, (field, value) => {
    if (field === 1) data = value;
    else if (field === 5) orderingKeyBytes = value.length;
    else if (field === 2) {
      let keyBytes = 0;
      let valueBytes = 0;
      eachField(value, (part, bytes) => {
        if (part === 1) keyBytes = bytes.length;
        else if (part === 2) valueBytes = bytes.length;
      });
      attributes++;
      longestKey = Math.max(longestKey, keyBytes);
      shortestKey = Math.min(shortestKey, keyBytes);
      longestValue = Math.max(longestValue, valueBytes);
    }
  });
  return { wire, data, attributes, longestKey, shortestKey, longestValue, orderingKeyBytes };
}

/** Calls `visit` for each field of bytes, string or message; others are skipped. */
function eachField(buf: Buffer, visit: (field: number, value: Buffer) => void): void {
  const end = buf.length;
  let at = 0;
  while (at < end) {
    const tag = buf[at++] as number;
    // Fields above 15 have longer tags; none that is read here.
    if (tag > 0x7f) at = skipVarint(buf, at);
    const kind = tag & 7;
    if (kind === BYTES) {
      let length = 0;
      let shift = 0;
      for (; shift < 35; shift += 7) {
        const byte = buf[at++];
        if (byte === undefined) throw malformed();
        length += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) break;
      }
      if (length > end - at) throw malformed();
      if (tag <= 0x7f) visit(tag >>> 3, buf.subarray(at, at + length));
      at += length;
    } else if (kind === VARINT) at = skipVarint(buf, at);
    else if (kind === FIXED64) at += 8;
    else if (kind === FIXED32) at += 4;
    else throw malformed();
  }
  if (at !== end) throw malformed();
}

function skipVarint(buf: Buffer, from: number): number {
  for (let at = from; at < from + 10; at++) {
    const byte = buf[at];
    if (byte === undefined) break;
    if (byte < 0x80) return at + 1;
  }
  throw malformed();
}

function malformed(): Error {
  return new Error("The request is not a valid google.pubsub.v1.PublishRequest.");
}
