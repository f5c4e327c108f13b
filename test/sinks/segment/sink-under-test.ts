import { systemClock } from "../../../src/engine/clock.ts";
import type { Batch, Destination, Encoded, Origin, RunContext } from "../../../src/engine/contracts.ts";
import { SinkFault } from "../../../src/engine/errors.ts";
import { SegmentEvent, type SegmentMessage } from "../../../src/events/segment-event.ts";
import { SegmentSink, type SegmentSinkConfig } from "../../../src/sinks/segment/segment-sink.ts";
import { aContext, aDestination, destinationsOf } from "../../support/context.ts";

export const CANARY_KEY = "cAnArYwRiTeKeY0123456789abcdefXY";

export const DEFAULTS: SegmentSinkConfig = {
  concurrency: 4,
  lingerMs: 0,
  probeMs: 60_000,
  maxRetryMs: 60_000,
  timeoutMs: 5_000,
  connectionTtlMs: 300_000,
  maxBatchEvents: 1_000,
  maxBatchBytes: 480_000,
  maxEventBytes: 32_768,
};

export function destinationAt(endpoint: string, writeKey = CANARY_KEY): Destination {
  return aDestination({ config: { endpoint, writeKey: () => writeKey } });
}

/** A sink on the real clock, for it speaks to real sockets; tests of its own timers pass another one. */
export function aSink(
  destination: Destination | undefined,
  config: Partial<SegmentSinkConfig> = {},
  context: Partial<RunContext> = {},
): SegmentSink {
  const destinations = destinationsOf(...(destination ? [destination] : []));
  return new SegmentSink(
    { ...DEFAULTS, ...config },
    aContext({ clock: systemClock, destinations, ...context }),
    "1.2.3",
  );
}

export function aMessage(with_: Record<string, unknown> = {}): SegmentMessage {
  return {
    type: "track",
    event: "feature",
    userId: "EXAMPLE-USER-ID",
    messageId: "ld-1",
    timestamp: "2026-01-01T00:00:00.000Z",
    integrations: {},
    properties: { key: "EXAMPLE-FLAG-KEY", value: "EXAMPLE-FLAG-VALUE", variation: 1 },
    ...with_,
  };
}

const origin: Origin = {
  id: "1",
  body: new Uint8Array(),
  attributes: {},
  publishedAtMs: 0,
  attempt: 1,
  writerSchema: undefined,
};

export function encoded(sink: SegmentSink, message: SegmentMessage): Encoded<SegmentEvent> {
  const value = new SegmentEvent(aDestination(), message);
  const text = sink.encode(value);
  return { value, text, bytes: Buffer.byteLength(text), origin };
}

export function aBatch(sink: SegmentSink, ...messages: SegmentMessage[]): Batch<SegmentEvent> {
  const items = messages.map((message) => encoded(sink, message));
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0) + Math.max(0, items.length - 1);
  return { lane: aDestination().id, items, bytes, attempt: 1 };
}

/** The fault that a write or probe ended with; fails when it did not end with one. */
export async function faultOf(attempt: Promise<unknown>): Promise<SinkFault> {
  const outcome = await attempt.then(
    () => new Error("it was delivered"),
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof SinkFault) return outcome;
  throw outcome;
}
