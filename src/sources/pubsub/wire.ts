// The messages of google.pubsub.v1.Subscriber that the source exchanges, to and from their bytes (pubsub.proto of
// googleapis; the field numbers are from there).

import { FieldReader, FieldWriter } from "../../pubsub/protobuf.ts";

export interface ReceivedMessage {
  /** Opaque: one character for each byte. */
  readonly ackId: string;
  readonly id: string;
  /** Its own memory, not a window on the response: one held for hours must not hold a thousand others. */
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  /** UTF-8 bytes of names and values of the attributes. */
  readonly attributeBytes: number;
  /** Unix milliseconds; 0 when it is not told. */
  readonly publishedAtMs: number;
  /** 0 when it is not told. */
  readonly attempt: number;
}

export interface StreamRequest {
  readonly streamAckDeadlineSeconds: number;
  readonly maxOutstandingMessages: number;
  readonly maxOutstandingBytes: number;
  readonly clientId: string;
}

const noBytes = Buffer.alloc(0);
const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

export function streamingPullRequest(subscription: string, request: StreamRequest): Buffer {
  return new FieldWriter()
    .text(1, subscription)
    .int(5, request.streamAckDeadlineSeconds)
    .text(6, request.clientId)
    .int(7, request.maxOutstandingMessages)
    .int(8, request.maxOutstandingBytes)
    .finish();
}

export function acknowledgeRequest(subscription: string, ackIds: readonly string[]): Buffer {
  const writer = new FieldWriter(sizeOf(ackIds)).text(1, subscription);
  for (const id of ackIds) writer.opaque(2, id);
  return writer.finish();
}

export function modifyAckDeadlineRequest(
  subscription: string,
  ackIds: readonly string[],
  seconds: number,
): Buffer {
  const writer = new FieldWriter(sizeOf(ackIds)).text(1, subscription).int(3, seconds);
  for (const id of ackIds) writer.opaque(4, id);
  return writer.finish();
}

function sizeOf(ackIds: readonly string[]): number {
  return 600 + ackIds.length * ((ackIds[0]?.length ?? 0) + 8);
}

/**
 * Decodes responses one after another. Most messages of a topic have the same attributes, byte for byte (those that
 * name its schema): the object made for one is given to the next as well.
 */
export class PullResponseReader {
  private attributes = noAttributes;
  private attributeBytes = 0;
  /** The bytes that `attributes` was made of. */
  private attributeFields: Buffer = noBytes;

  /** Throws RangeError for what is no response. */
  read(response: Buffer): ReceivedMessage[] {
    const messages: ReceivedMessage[] = [];
    const reader = new FieldReader(response);
    while (reader.next()) {
      if (reader.field === 1) messages.push(this.receivedMessage(reader));
      else reader.skip();
    }
    return messages;
  }

  private receivedMessage(reader: FieldReader): ReceivedMessage {
    const received = {
      ackId: "",
      id: "",
      body: noBytes,
      attributes: noAttributes,
      attributeBytes: 0,
      publishedAtMs: 0,
      attempt: 0,
    };
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) received.ackId = reader.opaque();
      else if (reader.field === 2) this.pubsubMessage(reader, received);
      else if (reader.field === 3) received.attempt = reader.varint();
      else reader.skip();
    }
    reader.leave(outer);
    return received;
  }

  private pubsubMessage(reader: FieldReader, received: Writable<ReceivedMessage>): void {
    const outer = reader.enter();
    let attributesFrom = -1;
    let attributesEnd = -1;
    for (let from = reader.at; reader.next(); from = reader.at) {
      if (reader.field === 1) received.body = ownBytes(reader);
      else if (reader.field === 3) received.id = reader.text();
      else if (reader.field === 4) received.publishedAtMs = timestampMs(reader);
      else if (reader.field === 2) {
        reader.skip();
        if (attributesFrom < 0) attributesFrom = from;
        attributesEnd = reader.at;
      } else reader.skip();
    }
    reader.leave(outer);
    if (attributesFrom < 0) return;
    this.readAttributes(reader.bytes, attributesFrom, attributesEnd);
    received.attributes = this.attributes;
    received.attributeBytes = this.attributeBytes;
  }

  /** `from` to `end`: all fields of attributes, and whatever stands between them. */
  private readAttributes(bytes: Buffer, from: number, end: number): void {
    const last = this.attributeFields;
    if (last.length === end - from && bytes.compare(last, 0, last.length, from, end) === 0) return;
    const attributes: Record<string, string> = {};
    this.attributeBytes = 0;
    const reader = new FieldReader(bytes, from, end);
    while (reader.next()) {
      if (reader.field === 2) this.readAttribute(reader, attributes);
      else reader.skip();
    }
    this.attributes = attributes;
    this.attributeFields = Buffer.from(bytes.subarray(from, end));
  }

  private readAttribute(reader: FieldReader, into: Record<string, string>): void {
    let name = "";
    let value = "";
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.field === 1) name = reader.text();
      else if (reader.field === 2) value = reader.text();
      else reader.skip();
    }
    reader.leave(outer);
    this.attributeBytes += Buffer.byteLength(name) + Buffer.byteLength(value);
    // An assignment to `__proto__` would not make a key of it.
    Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function ownBytes(reader: FieldReader): Buffer {
  const from = reader.span();
  const body = Buffer.allocUnsafe(reader.at - from);
  reader.bytes.copy(body, 0, from, reader.at);
  return body;
}

/** google.protobuf.Timestamp: 1 seconds, 2 nanos. */
function timestampMs(reader: FieldReader): number {
  let seconds = 0;
  let nanos = 0;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.field === 1) seconds = reader.varint();
    else if (reader.field === 2) nanos = reader.varint();
    else reader.skip();
  }
  reader.leave(outer);
  return seconds * 1_000 + Math.floor(nanos / 1_000_000);
}
