import { type Static, Type } from "typebox";

import { defineSink, type RunContext, type Sink } from "../../engine/contracts.ts";
import { messageRejects } from "./check-message.ts";
import { productVersion } from "./product-version.ts";
import { targetRejects } from "./target.ts";

// Segment docs, "HTTP Tracking API": 2,500 events and 500 KB a request, 32 KB an event.
const HARD_MAX_EVENTS = 2_500;
const HARD_MAX_BATCH_BYTES = 500_000;
const HARD_MAX_EVENT_BYTES = 32_768;
// The smallest batch limit that still holds one event of the largest size and what stands around it.
const ENVELOPE_ALLOWANCE_BYTES = 1_024;

const config = Type.Object(
  {
    concurrency: Type.Integer({
      minimum: 1,
      maximum: 16,
      default: 4,
      description: "Most requests to one destination at once.",
    }),
    lingerMs: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 0,
      description:
        "How long a first event waits for company, in milliseconds. 0: a batch is whatever waits when a request may go.",
    }),
    probeMs: Type.Integer({
      minimum: 1_000,
      maximum: 3_600_000,
      default: 60_000,
      description:
        "How often a parked destination (401, 403, 404, redirects) is tried again, in milliseconds.",
    }),
    maxRetryMs: Type.Integer({
      minimum: 1_000,
      maximum: 3_600_000,
      default: 60_000,
      description:
        "Longest wait between two tries while a destination is unavailable, or asks to slow down without saying for how long, in milliseconds. Waits begin at 1 s and double.",
    }),
    timeoutMs: Type.Integer({
      minimum: 100,
      maximum: 120_000,
      default: 10_000,
      description:
        "Total time for one request, from connecting to the status of the answer, in milliseconds.",
    }),
    connectionTtlMs: Type.Integer({
      minimum: 1_000,
      maximum: 86_400_000,
      default: 300_000,
      description:
        "Connections are replaced after this time, so that DNS is resolved again, in milliseconds.",
    }),
    maxBatchEvents: Type.Integer({
      minimum: 1,
      maximum: HARD_MAX_EVENTS,
      default: 1_000,
      description: "Most events in one request. Segment drops what is over 2,500, behind a 200.",
    }),
    maxBatchBytes: Type.Integer({
      minimum: 1_024,
      maximum: HARD_MAX_BATCH_BYTES,
      default: 480_000,
      description: "Most bytes in one request, envelope included. Segment refuses more than 500 KB.",
    }),
    maxEventBytes: Type.Integer({
      minimum: 256,
      maximum: HARD_MAX_EVENT_BYTES,
      default: HARD_MAX_EVENT_BYTES,
      description:
        "Largest event in bytes of UTF-8 JSON; larger ones are dead-lettered. Segment takes 32 KB.",
    }),
  },
  { additionalProperties: false },
);

/** SegmentEvent in. One lane per destination; each is sent with its own key, to its own endpoint. */
export default defineSink({
  type: "segment",
  summary: "Sends events to Twilio Segment in batches, each destination at its own rate.",
  accepts: "segment-event",
  config,
  example: {
    concurrency: 4,
    lingerMs: 0,
    probeMs: 60_000,
    maxRetryMs: 60_000,
    timeoutMs: 10_000,
    connectionTtlMs: 300_000,
    maxBatchEvents: 500,
    maxBatchBytes: 480_000,
    maxEventBytes: 32_768,
  },
  rejects: {
    ...messageRejects,
    ...targetRejects,
    "http-400":
      "Segment refused this one event, sent alone, with 400 Bad Request; its answer is in the message.",
    "http-413": "Segment refused this one event, sent alone, as too large.",
    "http-422": "Segment refused this one event, sent alone, as unprocessable; its answer is in the message.",
  },
  *check(settings) {
    const needed = settings.maxEventBytes + ENVELOPE_ALLOWANCE_BYTES;
    if (settings.maxBatchBytes < needed)
      yield {
        path: ["maxBatchBytes"],
        code: "batch-smaller-than-event",
        message: `maxBatchBytes is ${settings.maxBatchBytes}, but one event may have ${settings.maxEventBytes} bytes and its envelope ${ENVELOPE_ALLOWANCE_BYTES}; set at least ${needed}`,
      };
  },
  create: (settings, context) => create(settings, context),
});

/** The HTTP client is loaded when there is something to send. */
async function create(settings: Static<typeof config>, context: RunContext): Promise<Sink> {
  const { SegmentSink } = await import("./segment-sink.ts");
  return new SegmentSink(settings, context, productVersion());
}
