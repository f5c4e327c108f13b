// google.pubsub.v1.Publisher.

import type { PubSubLimits } from "./limits.ts";
import { pageOf } from "./pages.ts";
import { checkedProject } from "./resource-names.ts";
import type { TopicResource } from "./resources.ts";
import { invalid } from "./rpc-error.ts";
import type { PubSubStore } from "./store.ts";
import { empty, type UnaryService, unary } from "./unary.ts";
import { masked } from "./update-mask.ts";
import type {
  Page,
  ProjectPageRequest,
  PublishRequest,
  SubscriptionRequest,
  TopicRequest,
  UpdateTopicRequest,
} from "./wire.ts";

const mutableFields = ["labels", "messageRetentionDuration", "messageStoragePolicy", "schemaSettings"];

interface Publishing {
  readonly store: PubSubStore;
  readonly limits: PubSubLimits;
  /** Ends the streams of a subscription that has no topic any more. */
  detached(subscription: string): void;
}

export function publisherService({ store, limits, detached }: Publishing): UnaryService {
  return {
    CreateTopic: unary((topic: TopicResource) => store.createTopic(topic)),
    GetTopic: unary(({ topic }: TopicRequest) => store.topic(topic).resource),
    UpdateTopic: unary(({ topic, updateMask }: UpdateTopicRequest) => {
      if (!topic) throw invalid("The request must set topic.");
      return store.updateTopic(masked(store.topic(topic.name).resource, topic, updateMask, mutableFields));
    }),
    DeleteTopic: unary(({ topic }: TopicRequest) => {
      store.deleteTopic(topic);
      return empty;
    }),
    ListTopics: unary((request: ProjectPageRequest) => {
      const all = store.listTopics(checkedProject(request.project));
      const { items, nextPageToken } = pageOf(all, request, limits.pageSize);
      return { topics: items, nextPageToken };
    }),
    ListTopicSubscriptions: unary((request: TopicRequest & Page) => {
      const all = Array.from(
        store.topic(request.topic).subscriptions,
        ({ settings }) => settings.name,
      ).sort();
      const { items, nextPageToken } = pageOf(all, request, limits.pageSize);
      return { subscriptions: items, nextPageToken };
    }),
    Publish: unary(({ topic, messages }: PublishRequest) => ({ messageIds: store.publish(topic, messages) })),
    DetachSubscription: unary(({ subscription }: SubscriptionRequest) => {
      store.detachSubscription(subscription);
      detached(subscription);
      return empty;
    }),
    ListTopicSnapshots: unary((request: TopicRequest & Page) => {
      const { items, nextPageToken } = pageOf(
        store.snapshots.ofTopic(request.topic),
        request,
        limits.pageSize,
      );
      return { snapshots: items, nextPageToken };
    }),
  };
}
