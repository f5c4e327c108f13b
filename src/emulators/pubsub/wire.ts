// Requests as the definitions of protos.ts yield them: camelCase, every field present, int64 as number. Only what
// is read here is listed.

import type { IncomingMessage } from "./incoming-message.ts";
import type { Timestamp } from "./message.ts";
import type { Encoding, SchemaType, SchemaView, SubscriptionResource, TopicResource } from "./resources.ts";

export interface Page {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface FieldMask {
  readonly paths: readonly string[];
}

export interface TopicRequest {
  readonly topic: string;
}

export interface UpdateTopicRequest {
  readonly topic: TopicResource | null;
  readonly updateMask: FieldMask | null;
}

export interface PublishRequest extends TopicRequest {
  /** Read by incoming-message.ts. */
  readonly messages: readonly IncomingMessage[];
}

export interface ProjectPageRequest extends Page {
  readonly project: string;
}

export interface SubscriptionRequest {
  readonly subscription: string;
}

export interface UpdateSubscriptionRequest {
  readonly subscription: SubscriptionResource | null;
  readonly updateMask: FieldMask | null;
}

export interface AcknowledgeRequest extends SubscriptionRequest {
  readonly ackIds: readonly string[];
}

export interface ModifyAckDeadlineRequest extends AcknowledgeRequest {
  readonly ackDeadlineSeconds: number;
}

export interface PullRequest extends SubscriptionRequest {
  readonly maxMessages: number;
  readonly returnImmediately: boolean;
}

export interface StreamingPullRequest extends AcknowledgeRequest {
  readonly modifyDeadlineSeconds: readonly number[];
  readonly modifyDeadlineAckIds: readonly string[];
  readonly streamAckDeadlineSeconds: number;
  readonly clientId: string;
  readonly maxOutstandingMessages: number;
  readonly maxOutstandingBytes: number;
  readonly protocolVersion: number;
}

export interface SeekRequest extends SubscriptionRequest {
  readonly time: Timestamp | null;
  readonly snapshot: string;
}

export interface SnapshotRequest {
  readonly snapshot: string;
}

export interface CreateSnapshotRequest extends SubscriptionRequest {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SchemaMessage {
  readonly name: string;
  readonly type: SchemaType;
  readonly definition: string;
}

export interface CreateSchemaRequest {
  readonly parent: string;
  readonly schema: SchemaMessage | null;
  readonly schemaId: string;
}

export interface SchemaRequest {
  readonly name: string;
  readonly view: SchemaView;
}

export interface CommitSchemaRequest {
  readonly name: string;
  readonly schema: SchemaMessage | null;
}

export interface SchemaRevisionRequest {
  readonly name: string;
  readonly revisionId: string;
}

export interface ListSchemasRequest extends Page {
  readonly parent: string;
  readonly view: SchemaView;
}

export interface ListSchemaRevisionsRequest extends Page, SchemaRequest {}

export interface ValidateSchemaRequest {
  readonly parent: string;
  readonly schema: SchemaMessage | null;
}

export interface ValidateMessageRequest {
  readonly parent: string;
  readonly name: string;
  readonly schema: SchemaMessage | null;
  readonly message: Uint8Array;
  readonly encoding: Encoding;
}

export interface TestIamPermissionsRequest {
  readonly resource: string;
  readonly permissions: readonly string[];
}
