// Which ids a destination gives an event, by context kind (LaunchDarkly's Terraform provider calls the settings
// userIDContextKind and anonymousIDContextKind). Segment drops an event with neither id behind a 200.

import type { SegmentDestinationConfig } from "../../engine/segment-destination.ts";
import type { EventDocument } from "../../events/envelope.ts";
import type { SegmentEventConfig } from "./config.ts";
import { ANONYMOUS_USER, isAnonymous, keyOfKind, type Who } from "./who.ts";

export interface Identity {
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
}

export type KindsOfIds = Pick<SegmentDestinationConfig, "userIdContextKind" | "anonymousIdContextKind">;

/** Undefined when no context of the event is mapped to an id. */
export function identityOf(
  event: EventDocument,
  who: Who,
  kinds: KindsOfIds,
  config: SegmentEventConfig,
): Identity | undefined {
  const named = legacyIdentity(who, kinds);
  if (named) return named;
  const userId = keyOfKind(who.contextKeys, kinds.userIdContextKind);
  const anonymousId = keyOfKind(who.contextKeys, kinds.anonymousIdContextKind);
  if (userId !== undefined && config.anonymousContexts && isAnonymous(event, kinds.userIdContextKind))
    return { userId: undefined, anonymousId: anonymousId ?? userId };
  if (userId !== undefined || anonymousId !== undefined) return { userId, anonymousId };
  return fallbackIdentity(who, config.fallbackAnonymousKinds);
}

function legacyIdentity({ legacy }: Who, kinds: KindsOfIds): Identity | undefined {
  if (!legacy) return undefined;
  if (legacy.kind === kinds.userIdContextKind) return { userId: legacy.key, anonymousId: undefined };
  if (legacy.kind === kinds.anonymousIdContextKind || legacy.kind === ANONYMOUS_USER)
    return { userId: undefined, anonymousId: legacy.key };
  return undefined;
}

function fallbackIdentity(who: Who, fallbackKinds: readonly string[]): Identity | undefined {
  for (const kind of fallbackKinds) {
    const key = keyOfKind(who.contextKeys, kind);
    if (key !== undefined) return { userId: undefined, anonymousId: `${kind}:${key}` };
  }
  return undefined;
}
