// The Segment message in its final form. Its keys stand in the alphabetical order of the documented examples,
// so each branch below writes them in that order: the same event gives the same bytes, always.

import type { SegmentMessage } from "../../events/segment-event.ts";
import type { Identity } from "./identity.ts";
import type { Properties } from "./properties.ts";

type Draft = { -readonly [K in keyof SegmentMessage]: SegmentMessage[K] };

const NO_INTEGRATIONS: Readonly<Record<string, never>> = Object.freeze({});

interface Stamp {
  readonly messageId: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** `event` is the kind, not the key: `feature`, `click`, `custom`. */
export function trackMessage(
  event: string,
  identity: Identity,
  stamp: Stamp,
  properties: Properties,
): SegmentMessage {
  const draft: Partial<Draft> = {};
  if (identity.anonymousId !== undefined) draft.anonymousId = identity.anonymousId;
  draft.event = event;
  return finish(draft, "track", identity, stamp, properties);
}

/** Neither `event` nor `name`: Segment rejects an empty name, and LaunchDarkly gives none. */
export function pageMessage(identity: Identity, stamp: Stamp, properties: Properties): SegmentMessage {
  const draft: Partial<Draft> = {};
  if (identity.anonymousId !== undefined) draft.anonymousId = identity.anonymousId;
  return finish(draft, "page", identity, stamp, properties);
}

function finish(
  draft: Partial<Draft>,
  type: "track" | "page",
  identity: Identity,
  stamp: Stamp,
  properties: Properties,
): SegmentMessage {
  draft.integrations = NO_INTEGRATIONS;
  draft.messageId = stamp.messageId;
  draft.properties = properties;
  draft.timestamp = stamp.timestamp;
  draft.type = type;
  if (identity.userId !== undefined) draft.userId = identity.userId;
  // Every required key was set above.
  return draft as SegmentMessage;
}

/** An alias has no properties; LaunchDarkly puts project and environment at the top. */
export function aliasMessage(alias: {
  readonly project: string;
  readonly environment: string;
  readonly previousId: string;
  readonly userId: string;
  readonly stamp: Stamp;
}): SegmentMessage {
  return {
    environment: alias.environment,
    integrations: NO_INTEGRATIONS,
    messageId: alias.stamp.messageId,
    previousId: alias.previousId,
    project: alias.project,
    timestamp: alias.stamp.timestamp,
    type: "alias",
    userId: alias.userId,
  };
}
