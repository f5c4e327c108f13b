// What becomes of each event kind.

import { Drop } from "../../engine/contracts.ts";

/** LaunchDarkly's own Segment destination does not send these (LaunchDarkly docs, "Twilio Segment schema reference"). */
const SKIPPED = ["index", "identify", "summary", "debug", "migration_op"] as const;

export const skippedKinds: ReadonlyMap<string, Drop> = new Map(
  SKIPPED.map((kind) => [kind, new Drop("skipped-kind", kind)]),
);

export const noDestination = new Drop("no-destination");

export const drops = {
  "skipped-kind": `The kind (${SKIPPED.join(", ")}) is one that Segment is not sent; the detail names it.`,
  "no-destination": "No destination that is on belongs to the event's environment.",
} as const;

export const rejects = {
  "unknown-kind":
    "The event has no kind, or one that this version does not know. Update, then replay the dead letters.",
  "no-key": "A feature, click, custom or page view event without its key: nothing could be said about it.",
  "no-identity":
    "No context of the event is mapped to userId or anonymousId. Check the destination's context kinds, or set fallbackAnonymousKinds.",
  "bad-timestamp": "creationDate is missing, or not Unix milliseconds of the years 1970 to 9999.",
  "implausible-time": "creationDate lies more than a day ahead, and implausibleTime is dead-letter.",
} as const;
