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
  CreateSnapshotRequest,
  ModifyAckDeadlineRequest,
  ProjectPageRequest,
  SeekRequest,
  SnapshotRequest,
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
      if (snapshot) store.snapshots.seek(store.subscription(subscription), snapshot);
      else if (time) store.subscription(subscription).seek(millisOf(time));
      else throw invalid("The request must set time or snapshot.");
      return empty;
    }),
    ModifyPushConfig: unary(() => {
      throw notHere("push subscriptions");
    }),
    CreateSnapshot: unary(({ name, subscription, labels }: CreateSnapshotRequest) =>
      store.snapshots.create(name, store.subscription(subscription), labels),
    ),
    GetSnapshot: unary(({ snapshot }: SnapshotRequest) => store.snapshots.get(snapshot)),
    ListSnapshots: unary((request: ProjectPageRequest) => {
      const all = store.snapshots.list(checkedProject(request.project));
      const { items, nextPageToken } = pageOf(all, request, limits.pageSize);
      return { snapshots: items, nextPageToken };
    }),
    UpdateSnapshot: unary(() => {
      throw notHere("changes of snapshots");
    }),
    DeleteSnapshot: unary(({ snapshot }: SnapshotRequest) => {
      store.snapshots.delete(snapshot);
      return empty;
    }),
  };
}
