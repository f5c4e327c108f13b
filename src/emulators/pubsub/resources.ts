// Topics, subscriptions and schemas as they travel (google/pubsub/v1/pubsub.proto and schema.proto), as far as the
// local server gives them a meaning. Other fields are kept and sent back unread.

import type { Timestamp } from "./message.ts";

export type Duration = Timestamp;

export type Encoding = "ENCODING_UNSPECIFIED" | "JSON" | "BINARY";

export interface SchemaSettings {
  readonly schema: string;
  readonly encoding: Encoding;
  /** Revision ids that bound what a message may match; empty: no bound. */
  readonly firstRevisionId?: string;
  readonly lastRevisionId?: string;
}

export interface TopicResource {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly schemaSettings?: SchemaSettings | null;
  readonly messageRetentionDuration?: Duration | null;
  readonly [other: string]: unknown;
}

export interface DeadLetterPolicy {
  readonly deadLetterTopic: string;
  /** 5 to 100; 0 means 5. */
  readonly maxDeliveryAttempts?: number;
}

export interface RetryPolicy {
  readonly minimumBackoff?: Duration | null;
  readonly maximumBackoff?: Duration | null;
}

export interface SubscriptionResource {
  readonly name: string;
  readonly topic: string;
  /** 10 to 600; 0 means 10. */
  readonly ackDeadlineSeconds?: number;
  readonly retainAckedMessages?: boolean;
  readonly enableMessageOrdering?: boolean;
  readonly enableExactlyOnceDelivery?: boolean;
  readonly filter?: string;
  readonly deadLetterPolicy?: DeadLetterPolicy | null;
  readonly retryPolicy?: RetryPolicy | null;
  readonly detached?: boolean;
  readonly [other: string]: unknown;
}

export type SchemaType = "TYPE_UNSPECIFIED" | "PROTOCOL_BUFFER" | "AVRO";
export type SchemaView = "SCHEMA_VIEW_UNSPECIFIED" | "BASIC" | "FULL";

export interface SchemaResource {
  readonly name: string;
  readonly type: SchemaType;
  readonly definition: string;
  readonly revisionId: string;
  readonly revisionCreateTime: Timestamp;
}
