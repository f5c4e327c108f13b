// An event as Segment hands it on to destinations and shows it in its debugger (Segment docs, "Spec: Common
// Fields"): `timestamp` becomes `originalTimestamp`, and the new `timestamp` is corrected for the sender's clock:
// receivedAt - (sentAt - originalTimestamp).

import type { Incoming } from "./incoming.ts";
import { type EventFields, isObject } from "./validate.ts";

export interface TakenEvent {
  readonly seq: number;
  readonly event: EventFields;
  readonly messageId: string;
  readonly receivedAtMs: number;
  readonly batch: Pick<Incoming, "writeKey" | "sentAt" | "context" | "integrations">;
}

export type OutputEvent = Readonly<Record<string, unknown>> & {
  readonly messageId: string;
  readonly receivedAt: string;
  readonly timestamp: string;
  readonly writeKey: string;
};

export function outputOf({ event, messageId, receivedAtMs, batch }: TakenEvent): OutputEvent {
  const { timestamp: original, ...rest } = event;
  const sentAt = rest["sentAt"] ?? batch.sentAt;
  const originalMs = time(original);
  const sentAtMs = time(sentAt);
  const correctedMs =
    originalMs === undefined ? receivedAtMs : receivedAtMs - ((sentAtMs ?? receivedAtMs) - originalMs);
  return {
    ...rest,
    context: merged(batch.context, rest["context"]),
    integrations: merged(batch.integrations, rest["integrations"]),
    messageId,
    ...(original === undefined ? {} : { originalTimestamp: original }),
    ...(sentAt === undefined ? {} : { sentAt }),
    receivedAt: new Date(receivedAtMs).toISOString(),
    timestamp: new Date(correctedMs).toISOString(),
    writeKey: batch.writeKey,
  };
}

function time(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function merged(outer: unknown, inner: unknown): EventFields {
  return { ...(isObject(outer) ? outer : {}), ...(isObject(inner) ? inner : {}) };
}
