// A message at rest is the bytes it will be sent as (an encoded `google.pubsub.v1.PubsubMessage`): one copy for
// all subscriptions of a topic, and nothing to encode when it is delivered, however often that is.

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** `google.pubsub.v1.PubsubMessage` without what the server gives it. */
export interface PublishedMessage {
  readonly data?: Uint8Array;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
}

/** Only for what does not come by the thousand: publishes in our own process and dead letters. */
export interface MessageCodec {
  encode(message: PublishedMessage): Uint8Array;
  decode(wire: Uint8Array): Required<PublishedMessage>;
}

export interface StoredMessage {
  /** Unique and increasing over all topics; the decimal digits are the message id. */
  readonly id: number;
  /** Unix milliseconds. */
  readonly publishedAtMs: number;
  readonly wire: Uint8Array;
}

export function timestampOf(unixMs: number): Timestamp {
  const seconds = Math.floor(unixMs / 1000);
  return { seconds, nanos: Math.round((unixMs - seconds * 1000) * 1e6) };
}

export function millisOf(time: Timestamp): number {
  return time.seconds * 1000 + time.nanos / 1e6;
}

export function isoOf(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
