// google.pubsub.v1.Subscriber, all but StreamingPull.

import { acknowledge, modifyAckDeadline } from "./ack-requests.ts";
import type { PubSubLimits } from "./limits.ts";
import { millisOf } from "./message.ts";
import { pageOf } from "./pages.ts";
import { checkedProject } from "./resource-names.ts";
import type { SubscriptionResource } from "./resources.ts";
import { invalid, notHere } from "./rpc-error.ts";
import type { PubSubStore } from "./store.ts";
import { empty, type Unary, type UnaryService, unary } from "./unary.ts";
import { masked } from "./update-mask.ts";
import type {
  AcknowledgeRequest,
  ModifyAckDeadlineRequest,
  ProjectPageRequest,
  SeekRequest,
  SubscriptionRequest,
  UpdateSubscriptionRequest,
} from "./wire.ts";

const mutableFields = [
  "ackDeadlineSeconds",
  "deadLetterPolicy",
  "expirationPolicy",
  "labels",
  "messageRetentionDuration",
  "pushConfig",
  "retainAckedMessages",
  "retryPolicy",
];

const noSnapshots: Unary = () => {
  throw notHere("snapshots");
};

interface Subscribing {
  readonly store: PubSubStore;
  readonly limits: PubSubLimits;
  readonly pull: Unary;
  /** Ends the streams of a subscription that is gone or detached. */
  gone(subscription: string): void;
}

export function subscriberService({ store, limits, pull, gone }: Subscribing): UnaryService {
  return {
    CreateSubscription: unary((asked: SubscriptionResource) => store.createSubscription(asked).settings),
    GetSubscription: unary(
      ({ subscription }: SubscriptionRequest) => store.subscription(subscription).settings,
    ),
    UpdateSubscription: unary(({ subscription: changes, updateMask }: UpdateSubscriptionRequest) => {
      if (!changes) throw invalid("The request must set subscription.");
      const { settings } = store.subscription(changes.name);
      return store.updateSubscription(masked(settings, changes, updateMask, mutableFields));
    }),
    DeleteSubscription: unary(({ subscription }: SubscriptionRequest) => {
      store.deleteSubscription(subscription);
      gone(subscription);
      return empty;
    }),
    ListSubscriptions: unary((request: ProjectPageRequest) => {
      const all = store.listSubscriptions(checkedProject(request.project)).map(({ settings }) => settings);
      const { items, nextPageToken } = pageOf(all, request, limits.pageSize);
      return { subscriptions: items, nextPageToken };
    }),
    Acknowledge: unary((request: AcknowledgeRequest) => {
      acknowledge(store.subscription(request.subscription), request, limits);
      return empty;
    }),
    ModifyAckDeadline: unary((request: ModifyAckDeadlineRequest) => {
      modifyAckDeadline(store.subscription(request.subscription), request, limits);
      return empty;
    }),
    Pull: pull,
    Seek: unary(({ subscription, time, snapshot }: SeekRequest) => {
      if (snapshot) throw notHere("snapshots");
      if (!time) throw invalid("The request must set time.");
      store.subscription(subscription).seek(millisOf(time));
      return empty;
    }),
    ModifyPushConfig: unary(() => {
      throw notHere("push subscriptions");
    }),
    GetSnapshot: noSnapshots,
    ListSnapshots: noSnapshots,
    CreateSnapshot: noSnapshots,
    UpdateSnapshot: noSnapshots,
    DeleteSnapshot: noSnapshots,
  };
}
