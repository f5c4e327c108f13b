// The ids by which a person knows an event.

import type { LaneItem } from "../engine/lane-queue.ts";
import { PackedItem } from "../engine/packed.ts";
import { isObject } from "../events/envelope.ts";
import { SegmentEvent } from "../events/segment-event.ts";

/** `event.id` of an export event; "" when it has none. */
export function eventIdOf(value: unknown): string {
  if (!isObject(value)) return "";
  const event = value["event"];
  if (!isObject(event)) return "";
  const id = event["id"];
  if (typeof id === "string") return id;
  // Events without an id are known by their key.
  const key = event["key"];
  return typeof key === "string" ? key : "";
}

/** "" when it is no Segment event. */
export function messageIdOf(value: unknown): string {
  return value instanceof SegmentEvent ? value.message.messageId : "";
}

/** The same, of an event in its lane; one that is bytes already is not parsed for it. */
export function sentIdOf(item: LaneItem): string {
  return item instanceof PackedItem ? item.id : messageIdOf(item.value);
}
