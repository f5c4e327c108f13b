// The event that LaunchDarkly sends when a person presses "Send a test event" on a destination.

import { isObject, type EventDocument } from "./envelope.ts";

/** The flag key or the user's key of a test event (LaunchDarkly docs, "Amazon Kinesis", on testing). */
export const TEST_EVENT_KEY = "LaunchDarklyDataExportTestEvent";

/** Its kind and shape are not documented, so every place that may hold a key is looked at. */
export function isTestEvent(event: EventDocument): boolean {
  return (
    event["key"] === TEST_EVENT_KEY ||
    event["userKey"] === TEST_EVENT_KEY ||
    hasTestKey(event["user"]) ||
    hasTestKey(event["context"]) ||
    isTestUser(event["contextKeys"])
  );
}

function hasTestKey(value: unknown): boolean {
  return isObject(value) && value["key"] === TEST_EVENT_KEY;
}

function isTestUser(contextKeys: unknown): boolean {
  return isObject(contextKeys) && contextKeys["user"] === TEST_EVENT_KEY;
}
