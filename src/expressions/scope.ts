// What expressions and paths see of a value, and how a changed document becomes a value again. `event` is the
// event itself: LaunchDarkly's event without its envelope, or the Segment message.

import type { Origin } from "../engine/contracts.ts";
import { checkEnvelope, type EventDocument, isObject } from "../events/envelope.ts";
import { SegmentEvent, type SegmentMessage } from "../events/segment-event.ts";
import { isTestEvent, TEST_EVENT_KEY } from "../events/test-event.ts";
import { type EventShape, type Field, type FieldMap, knownFields } from "./known-fields.ts";

export type Variables = Readonly<Record<string, unknown>>;

export interface Scope {
  readonly shape: EventShape;
  /** Variable -> what may stand below it. */
  readonly fields: FieldMap;
  /** Throws DataError bad-envelope. Cheap: called for each value. */
  variables(value: unknown, origin: Origin): Variables;
  event(value: unknown): EventDocument;
  /** A new value with another event; the old one is left as it is. */
  withEvent(value: unknown, event: EventDocument): unknown;
  /** Someone is waiting for a test event: it passes where others are filtered. */
  isTest(value: unknown): boolean;
}

const originFields: FieldMap = { id: "text", publishedAtMs: "number", attempt: "number" };
const attributes: Field = "any";

/**
 * `repeatable`: only what is the same each time the same event comes, so that a redelivery and a backfill give
 * the same bytes. Without it, `origin` is there too.
 */
export function scopeOf(shape: EventShape, { repeatable }: { readonly repeatable: boolean }): Scope {
  const scope = shape === "export-event" ? exportScope : segmentScope;
  if (repeatable) return scope;
  return {
    ...scope,
    fields: { ...scope.fields, origin: originFields },
    // A plain object: what a source hands over may be an instance of its own.
    variables: (value, origin) => ({
      ...scope.variables(value, origin),
      origin: { id: origin.id, publishedAtMs: origin.publishedAtMs, attempt: origin.attempt },
    }),
  };
}

const exportScope: Scope = {
  shape: "export-event",
  fields: { event: knownFields["export-event"], project: "text", environment: "text", attributes },
  variables(value, origin) {
    checkEnvelope(value);
    const { event, project, environment } = value;
    return { event, project, environment, attributes: origin.attributes };
  },
  event(value) {
    checkEnvelope(value);
    return value.event;
  },
  withEvent: (value, event) => ({ ...(value as object), event }),
  isTest(value) {
    checkEnvelope(value);
    return isTestEvent(value.event);
  },
};

const segmentScope: Scope = {
  shape: "segment-event",
  fields: {
    event: knownFields["segment-event"],
    destination: { id: "text", name: "text", environment: "text" },
    attributes,
  },
  variables(value, origin) {
    const { message, destination } = segmentEventOf(value);
    const { id, name, environment } = destination;
    return { event: message, destination: { id, name, environment }, attributes: origin.attributes };
  },
  event: (value) => segmentEventOf(value).message,
  // Protected paths keep `type`, `messageId` and `timestamp`; every other rule is checked before sending.
  withEvent: (value, event) =>
    new SegmentEvent(segmentEventOf(value).destination, event as unknown as SegmentMessage),
  isTest(value) {
    const { userId, anonymousId, properties } = segmentEventOf(value).message;
    const key = isObject(properties) ? properties["key"] : undefined;
    return key === TEST_EVENT_KEY || userId === TEST_EVENT_KEY || anonymousId === TEST_EVENT_KEY;
  },
};

function segmentEventOf(value: unknown): SegmentEvent {
  if (value instanceof SegmentEvent) return value;
  throw new Error("expected a Segment event: neighbours are checked at load");
}
