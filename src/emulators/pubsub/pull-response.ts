// Puts a PullResponse or StreamingPullResponse together (they agree in field 1) from messages that are encoded
// already: ack id and attempt are written around the stored bytes. One allocation for each response.
//
//   1: repeated ReceivedMessage { 1: ack_id, 2: message, 3: delivery_attempt }
//   4: SubscriptionProperties { 1: exactly_once_delivery_enabled, 2: message_ordering_enabled }

import { varintSize, writeVarint } from "./varint.ts";

export interface ReceivedMessage {
  /** ASCII. */
  readonly ackId: string;
  /** An encoded PubsubMessage. */
  readonly wire: Uint8Array;
  /** 0: not said. The service says it only where there is a dead-letter policy. */
  readonly deliveryAttempt: number;
}

export interface PullResponse {
  readonly receivedMessages: readonly ReceivedMessage[];
  /** On a stream's first response. */
  readonly messageOrderingEnabled?: boolean;
}

const RECEIVED_MESSAGES = 0x0a;
const ACK_ID = 0x0a;
const MESSAGE = 0x12;
const DELIVERY_ATTEMPT = 0x18;
const SUBSCRIPTION_PROPERTIES = 0x22;
const MESSAGE_ORDERING_ENABLED = 0x10;

export function writePullResponse({ receivedMessages, messageOrderingEnabled }: PullResponse): Buffer {
  const properties = messageOrderingEnabled === undefined ? 0 : messageOrderingEnabled ? 4 : 2;
  const sizes = receivedMessages.map(innerSize);
  const total = sizes.reduce((sum, size) => sum + 1 + varintSize(size) + size, properties);
  const out = Buffer.allocUnsafe(total);
  let at = 0;
  for (let index = 0; index < receivedMessages.length; index++)
    at = writeMessage(out, at, receivedMessages[index] as ReceivedMessage, sizes[index] as number);
  if (properties > 0) {
    out[at++] = SUBSCRIPTION_PROPERTIES;
    out[at++] = properties - 2;
    if (messageOrderingEnabled) {
      out[at++] = MESSAGE_ORDERING_ENABLED;
      out[at++] = 1;
    }
  }
  return out;
}

function innerSize({ ackId, wire, deliveryAttempt }: ReceivedMessage): number {
  const attempt = deliveryAttempt > 0 ? 1 + varintSize(deliveryAttempt) : 0;
  return 1 + varintSize(ackId.length) + ackId.length + 1 + varintSize(wire.length) + wire.length + attempt;
}

function writeMessage(out: Buffer, from: number, message: ReceivedMessage, size: number): number {
  const { ackId, wire, deliveryAttempt } = message;
  let at = from;
  out[at++] = RECEIVED_MESSAGES;
  at = writeVarint(out, at, size);
  out[at++] = ACK_ID;
  at = writeVarint(out, at, ackId.length);
  at += out.write(ackId, at, "latin1");
  out[at++] = MESSAGE;
  at = writeVarint(out, at, wire.length);
  out.set(wire, at);
  at += wire.length;
  if (deliveryAttempt > 0) {
    out[at++] = DELIVERY_ATTEMPT;
    at = writeVarint(out, at, deliveryAttempt);
  }
  return at;
}
