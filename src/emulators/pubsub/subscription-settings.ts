// What a subscription may be set to, and what its settings mean in numbers (pubsub.proto, `Subscription`).

import { millisOf } from "./message.ts";
import type { DeadLetterPolicy, Duration, RetryPolicy, SubscriptionResource } from "./resources.ts";
import { invalid, notHere } from "./rpc-error.ts";

const DEFAULT_ATTEMPTS = 5;
const MIN_ATTEMPTS = 5;
const MAX_ATTEMPTS = 100;
const DEFAULT_DEADLINE_S = 10;
const MIN_DEADLINE_S = 10;
export const MAX_DEADLINE_S = 600;
const MAX_BACKOFF_S = 600;
const DEFAULT_MIN_BACKOFF_MS = 10_000;
const DEFAULT_MAX_BACKOFF_MS = 600_000;
const DEFAULT_RETENTION: Duration = { seconds: 604_800, nanos: 0 };

/** The settings with the service's defaults. Throws INVALID_ARGUMENT, or UNIMPLEMENTED for what is not here. */
export function checkedSettings(asked: SubscriptionResource): SubscriptionResource {
  if (asked.filter) throw invalid("The local Pub/Sub supports no subscription filter: leave `filter` empty.");
  if (asked.enableExactlyOnceDelivery) throw notHere("exactly-once delivery");
  if (hasKeys(asked["pushConfig"], "pushEndpoint")) throw notHere("push subscriptions");
  for (const kind of ["bigqueryConfig", "bigtableConfig", "cloudStorageConfig"])
    if (asked[kind]) throw notHere(`export subscriptions (${kind})`);
  const messageTransforms = asked["messageTransforms"];
  if (Array.isArray(messageTransforms) && messageTransforms.length > 0) throw notHere("message transforms");
  if (asked.deadLetterPolicy) checkDeadLetterPolicy(asked.deadLetterPolicy);
  if (asked.retryPolicy) checkRetryPolicy(asked.retryPolicy);
  const ackDeadlineSeconds = asked.ackDeadlineSeconds || DEFAULT_DEADLINE_S;
  if (!isStreamDeadline(ackDeadlineSeconds)) {
    throw invalid(
      `Invalid ack deadline: ${ackDeadlineSeconds} s. It must be between 10 and 600 seconds (ack_deadline_seconds).`,
    );
  }
  return {
    ...asked,
    ackDeadlineSeconds,
    messageRetentionDuration: asked["messageRetentionDuration"] ?? DEFAULT_RETENTION,
    state: "ACTIVE",
  };
}

export function isStreamDeadline(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= MIN_DEADLINE_S && seconds <= MAX_DEADLINE_S;
}

export function maxDeliveryAttempts(policy: DeadLetterPolicy): number {
  return policy.maxDeliveryAttempts || DEFAULT_ATTEMPTS;
}

/** How long a message rests after its `attempt`-th delivery failed: doubling, within the policy's bounds. */
export function backoffMs(policy: RetryPolicy | null | undefined, attempt: number): number {
  if (!policy) return 0;
  const least = policy.minimumBackoff ? millisOf(policy.minimumBackoff) : DEFAULT_MIN_BACKOFF_MS;
  const most = policy.maximumBackoff ? millisOf(policy.maximumBackoff) : DEFAULT_MAX_BACKOFF_MS;
  return Math.min(most, least * 2 ** Math.min(30, attempt - 1));
}

function checkDeadLetterPolicy(policy: DeadLetterPolicy): void {
  const attempts = maxDeliveryAttempts(policy);
  if (attempts >= MIN_ATTEMPTS && attempts <= MAX_ATTEMPTS) return;
  const [word, bound] =
    attempts < MIN_ATTEMPTS ? ["small", `minimum value is 5`] : ["large", `maximum value is 100`];
  throw invalid(
    `The value for max_delivery_attempts is too ${word}. You passed ${attempts} in the request, but the ${bound}.`,
  );
}

function checkRetryPolicy(policy: RetryPolicy): void {
  for (const [name, duration] of Object.entries(policy)) {
    if (!duration || typeof duration !== "object") continue;
    const seconds = millisOf(duration) / 1000;
    if (seconds < 0 || seconds > MAX_BACKOFF_S)
      throw invalid(`Invalid retry policy: ${name} is ${seconds} s; it must be between 0 and 600 seconds.`);
  }
  const { minimumBackoff: least, maximumBackoff: most } = policy;
  if (least && most && millisOf(least) > millisOf(most))
    throw invalid("Invalid retry policy: minimum_backoff is longer than maximum_backoff.");
}

function hasKeys(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && Boolean((value as Record<string, unknown>)[key]);
}
