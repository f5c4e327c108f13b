// What a Publish request may carry (Google, "Pub/Sub quotas and limits: Resource limits").

import type { IncomingMessage } from "./incoming-message.ts";
import type { PubSubLimits } from "./limits.ts";
import { invalid } from "./rpc-error.ts";

const MAX_ORDERING_KEY_BYTES = 1024;

/** Throws INVALID_ARGUMENT for the first rule broken. */
export function checkMessages(messages: readonly IncomingMessage[], limits: PubSubLimits): void {
  if (messages.length === 0) throw invalid("The request contains no messages.");
  if (messages.length > limits.publishMessages) {
    throw invalid(
      `The value for message_count is too large. You passed ${messages.length} in the request, but the maximum ` +
        `value is ${limits.publishMessages}.`,
    );
  }
  let bytes = 0;
  for (const message of messages) {
    bytes += message.wire.length;
    checkMessage(message, limits);
  }
  if (bytes > limits.publishBytes)
    throw invalid(`Request payload size exceeds the limit: ${limits.publishBytes} bytes.`);
}

function checkMessage(message: IncomingMessage, limits: PubSubLimits): void {
  if (message.data.length === 0 && message.attributes === 0)
    throw invalid("Some messages are empty: a message must have data or at least one attribute.");
  if (message.shortestKey === 0) throw invalid("An attribute key is empty.");
  atMost(message.attributes, limits.messageAttributes, "attributes");
  atMost(message.longestKey, limits.attributeKeyBytes, "bytes in an attribute key");
  atMost(message.longestValue, limits.attributeValueBytes, "bytes in an attribute value");
  atMost(message.orderingKeyBytes, MAX_ORDERING_KEY_BYTES, "bytes in its ordering key");
}

function atMost(value: number, limit: number, what: string): void {
  if (value > limit) throw invalid(`A message has ${value} ${what}; the maximum is ${limit}.`);
}
