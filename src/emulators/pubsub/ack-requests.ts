// Acks and new deadlines, as they come by RPC and on a stream. Sizes and deadlines are judged before anything is
// done; a malformed ack id is found on the way, and what came before it stands.

import type { PubSubLimits } from "./limits.ts";
import { invalid } from "./rpc-error.ts";
import type { Subscription } from "./subscription.ts";
import { MAX_DEADLINE_S } from "./subscription-settings.ts";
import type { AcknowledgeRequest, ModifyAckDeadlineRequest, StreamingPullRequest } from "./wire.ts";

export function acknowledge(
  subscription: Subscription,
  { ackIds }: AcknowledgeRequest,
  limits: PubSubLimits,
): void {
  if (ackIds.length === 0) throw invalid("No ack ids specified.");
  checkSize(ackIds, limits);
  for (const ackId of ackIds) subscription.acknowledge(ackId);
}

export function modifyAckDeadline(
  subscription: Subscription,
  { ackIds, ackDeadlineSeconds }: ModifyAckDeadlineRequest,
  limits: PubSubLimits,
): void {
  if (ackIds.length === 0) throw invalid("No ack ids specified.");
  checkSize(ackIds, limits);
  checkDeadline(ackDeadlineSeconds);
  for (const ackId of ackIds) subscription.modifyDeadline(ackId, ackDeadlineSeconds * 1000);
}

export function settleOnStream(
  subscription: Subscription,
  request: StreamingPullRequest,
  limits: PubSubLimits,
): void {
  const { ackIds, modifyDeadlineAckIds: modified, modifyDeadlineSeconds: seconds } = request;
  if (modified.length !== seconds.length) {
    throw invalid(
      `modify_deadline_ack_ids (${modified.length}) and modify_deadline_seconds (${seconds.length}) must have ` +
        "the same size.",
    );
  }
  checkSize(ackIds, limits);
  checkSize(modified, limits);
  for (const deadline of seconds) checkDeadline(deadline);
  for (const ackId of ackIds) subscription.acknowledge(ackId);
  for (let index = 0; index < modified.length; index++)
    subscription.modifyDeadline(modified[index] as string, (seconds[index] as number) * 1000);
}

function checkDeadline(seconds: number): void {
  if (seconds >= 0 && seconds <= MAX_DEADLINE_S) return;
  throw invalid(`Invalid ack deadline: ${seconds} s. It must be between 0 and ${MAX_DEADLINE_S} seconds.`);
}

function checkSize(ackIds: readonly string[], limits: PubSubLimits): void {
  let bytes = 0;
  for (const ackId of ackIds) bytes += ackId.length;
  if (bytes > limits.ackRequestBytes)
    throw invalid(`Request payload size exceeds the limit: ${limits.ackRequestBytes} bytes.`);
}
