// What the server adds to a message: its id, its publish time, and the attributes of a schema or a dead letter.
// They are written after the client's own bytes; where a field or a map key occurs twice, the last one counts
// (Protocol Buffers, "Encoding: Last One Wins").

import type { StoredMessage } from "./message.ts";
import { timestampOf } from "./message.ts";
import { bytesFieldSize, varintSize, writeBytesField, writeVarint } from "./varint.ts";

const ATTRIBUTES = 0x12;
const MESSAGE_ID = 0x1a;
const PUBLISH_TIME = 0x22;
const KEY = 0x0a;
const VALUE = 0x12;
const SECONDS = 0x08;
const NANOS = 0x10;

interface Stamp {
  readonly id: number;
  /** Unix milliseconds. */
  readonly publishedAtMs: number;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** Copies: the request's buffer can go. */
export function storedMessage(wire: Uint8Array, { id, publishedAtMs, attributes }: Stamp): StoredMessage {
  const digits = String(id);
  const { seconds, nanos } = timestampOf(publishedAtMs);
  // Both are always written, so that nothing of a time that the client sent is left.
  const timeBytes = 1 + varintSize(seconds) + 1 + varintSize(nanos);
  const entries = attributes ? attributeBytes(attributes) : undefined;
  const added = (entries?.length ?? 0) + bytesFieldSize(digits.length) + bytesFieldSize(timeBytes);
  const out = Buffer.allocUnsafe(wire.length + added);
  out.set(wire, 0);
  let at = wire.length;
  if (entries) {
    out.set(entries, at);
    at += entries.length;
  }
  out[at++] = MESSAGE_ID;
  at = writeVarint(out, at, digits.length);
  at += out.write(digits, at, "latin1");
  out[at++] = PUBLISH_TIME;
  at = writeVarint(out, at, timeBytes);
  out[at++] = SECONDS;
  at = writeVarint(out, at, seconds);
  out[at++] = NANOS;
  writeVarint(out, at, nanos);
  return { id, publishedAtMs, wire: out };
}

function attributeBytes(attributes: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(attributes).map(([key, value]) => {
    const keyBytes = Buffer.from(key);
    const valueBytes = Buffer.from(value);
    const entry = Buffer.allocUnsafe(bytesFieldSize(keyBytes.length) + bytesFieldSize(valueBytes.length));
    writeBytesField(entry, writeBytesField(entry, 0, KEY, keyBytes), VALUE, valueBytes);
    return entry;
  });
  const out = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + bytesFieldSize(entry.length), 0));
  let at = 0;
  for (const entry of entries) at = writeBytesField(out, at, ATTRIBUTES, entry);
  return out;
}
