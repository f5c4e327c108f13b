import type { ReceivedMessage } from "./pull-response.ts";
import type { Delivery, Subscription } from "./subscription.ts";

/** Deliveries as they are sent. Attempts are told only where there is a dead-letter policy, as the service does. */
export function received(subscription: Subscription, deliveries: readonly Delivery[]): ReceivedMessage[] {
  const tellsAttempts = Boolean(subscription.settings.deadLetterPolicy);
  return deliveries.map((delivery) => ({
    ackId: subscription.ackIdOf(delivery),
    wire: delivery.message.wire,
    deliveryAttempt: tellsAttempts ? delivery.attempt : 0,
  }));
}
