// The same event twice in one backfill: archives hold duplicates (Pub/Sub writes at least once), and Segment would
// collapse them anyway, but they cost rate. Safe here, because each copy is settled on its own: a copy that is
// skipped moves the checkpoint past itself only. On a subscription it would not be: there, acking a redelivery
// acks the message whose first copy may still be in flight.

import { Drop } from "../../engine/contracts.ts";
import { SegmentEvent } from "../../events/segment-event.ts";
import type { InsertedTransform } from "../job.ts";
import type { RecentIds } from "./recent-ids.ts";

const duplicate = new Drop("duplicate");

export function skipDuplicates(recent: RecentIds): InsertedTransform {
  return {
    type: "skip-duplicates",
    after: "segment-event",
    transform: {
      apply(value) {
        if (!(value instanceof SegmentEvent)) return value;
        // The destination is part of the id already.
        return recent.seen(value.message.messageId) ? duplicate : value;
      },
    },
  };
}
