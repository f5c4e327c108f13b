// Every bound of the local Pub/Sub, with its name. Those of the service itself are from Google's "Pub/Sub quotas
// and limits"; the others keep this process small and are ours.

export interface PubSubLimits {
  /** Largest Publish request and largest message, in bytes. */
  readonly publishBytes: number;
  readonly publishMessages: number;
  readonly messageAttributes: number;
  readonly attributeKeyBytes: number;
  readonly attributeValueBytes: number;
  /** Largest Acknowledge or ModifyAckDeadline request: the sum of its ack ids, in bytes. */
  readonly ackRequestBytes: number;
  readonly topics: number;
  readonly subscriptions: number;
  readonly schemas: number;
  readonly schemaRevisions: number;
  readonly schemaBytes: number;
  /** Unacknowledged messages one subscription keeps; above either, Publish answers RESOURCE_EXHAUSTED. */
  readonly backlogMessages: number;
  readonly backlogBytes: number;
  /** Acknowledged messages kept for Seek on a subscription with `retain_acked_messages`. */
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  /** A response is closed at the first message that reaches either. */
  readonly responseMessages: number;
  readonly responseBytes: number;
  /** Responses handed to one stream and not yet written to its socket. */
  readonly responsesInFlight: number;
  /** Leases expire up to this much late, never early, in ms. */
  readonly leaseTickMs: number;
  /** How long a Pull without messages waits before it answers with none, in ms. */
  readonly pullWaitMs: number;
  /** Message ids kept per subscription and list, for inspection; the oldest are forgotten. */
  readonly rememberedIds: number;
  readonly pageSize: number;
  readonly connections: number;
  /** A connection that has not answered a ping after both together is dead, and its streams end, in ms. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Body of a request to the control port, in bytes. */
  readonly controlBytes: number;
}

export const defaultLimits: PubSubLimits = {
  publishBytes: 10 * 1024 * 1024,
  publishMessages: 1_000,
  messageAttributes: 100,
  attributeKeyBytes: 256,
  attributeValueBytes: 1_024,
  ackRequestBytes: 512 * 1024,
  topics: 10_000,
  subscriptions: 10_000,
  schemas: 10_000,
  schemaRevisions: 20,
  schemaBytes: 300 * 1024,
  backlogMessages: 1_000_000,
  backlogBytes: 1024 * 1024 * 1024,
  retainedMessages: 100_000,
  retainedBytes: 64 * 1024 * 1024,
  responseMessages: 1_000,
  responseBytes: 256 * 1024,
  responsesInFlight: 2,
  leaseTickMs: 50,
  pullWaitMs: 10_000,
  rememberedIds: 1_000_000,
  pageSize: 1_000,
  connections: 1_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 20_000,
  controlBytes: 1024 * 1024,
};
