// One Segment message on its way to one destination (Segment "HTTP Tracking API" and "Spec: Common Fields").

import type { Destination } from "../engine/contracts.ts";

export interface SegmentMessage {
  readonly type: "track" | "page" | "alias";
  readonly event?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly previousId?: string;
  /** At most 99 characters; the same for every delivery of the same event to the same destination. */
  readonly messageId: string;
  /** ISO 8601 with milliseconds, UTC: when the SDK saw the event. Segment shows it as `originalTimestamp`. */
  readonly timestamp: string;
  readonly integrations: Readonly<Record<string, never>>;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [extra: string]: unknown;
}

/** `JSON.stringify` gives the message alone, so a file sink writes exactly what Segment would be sent. */
export class SegmentEvent {
  constructor(
    readonly destination: Destination,
    readonly message: SegmentMessage,
  ) {}

  toJSON(): SegmentMessage {
    return this.message;
  }
}
