import { SegmentEvent, type SegmentMessage } from "../../src/events/segment-event.ts";
import { aDestination } from "./context.ts";

/** A Segment event as the transform segment-event makes it, with what a test is about. */
export function aSegmentEvent(message: Partial<SegmentMessage> = {}): SegmentEvent {
  return new SegmentEvent(aDestination(), {
    type: "track",
    event: "custom",
    messageId: "ld-1",
    timestamp: "2026-11-01T00:00:00.000Z",
    integrations: {},
    userId: "ann",
    properties: { key: "checkout", project: "p", environment: "e", contextKeys: { user: "ann" } },
    ...message,
  });
}
