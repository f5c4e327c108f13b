// One span for each batch that is written, not for each event: at thousands of events a second anything else is noise.
// It links to the spans under which the messages were published, where their attributes carry them, and the HTTP request
// is its child. Names are those of the semantic conventions for messaging, which are still in development.

import {
  type Attributes,
  context,
  type Histogram,
  type Link,
  type Meter,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";

import type { Batch } from "../engine/contracts.ts";
import { SinkFault, toError } from "../engine/errors.ts";
import type { AroundWrite } from "../engine/attempt-write.ts";

/** The SDK keeps no more by default; a batch may have 2,500 events. */
const MAX_LINKS = 128;
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface TracedPipeline {
  readonly name: string;
  /** Undefined: its records come from elsewhere than Pub/Sub. */
  readonly subscription: string | undefined;
}

export class BatchSpans {
  private readonly duration: Histogram;

  constructor(
    private readonly tracer: Tracer,
    meter: Meter,
    private readonly nowMs: () => number,
  ) {
    this.duration = meter.createHistogram("messaging.process.duration", {
      unit: "s",
      description: "Time of a write attempt.",
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    });
  }

  around(pipeline: TracedPipeline): AroundWrite {
    const common: Attributes = {
      "messaging.operation.name": "process",
      "sluice.pipeline": pipeline.name,
      ...(pipeline.subscription === undefined
        ? {}
        : {
            "messaging.system": "gcp_pubsub",
            "messaging.destination.subscription.name": pipeline.subscription,
          }),
    };
    const name = ["process", pipeline.subscription ?? pipeline.name].join(" ");
    return (batch, write) => this.span(name, common, batch, write);
  }

  private async span(name: string, common: Attributes, batch: Batch, write: Parameters<AroundWrite>[1]) {
    const startedMs = this.nowMs();
    const attributes = {
      ...common,
      "messaging.operation.type": "process",
      "messaging.batch.message_count": batch.items.length,
      "sluice.destination": batch.lane,
      "sluice.attempt": batch.attempt,
      "sluice.batch.bytes": batch.bytes,
    };
    const span = this.tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes, links: linksOf(batch) });
    let errorType: string | undefined;
    try {
      const faults = await context.with(trace.setSpan(context.active(), span), write);
      errorType = faults?.find((fault) => fault !== null)?.code;
      return faults;
    } catch (error) {
      errorType = error instanceof SinkFault ? error.code : toError(error).name;
      throw error;
    } finally {
      const outcome = errorType === undefined ? {} : { "error.type": errorType };
      if (errorType !== undefined) {
        span.setAttributes(outcome);
        span.setStatus({ code: SpanStatusCode.ERROR, message: errorType });
      }
      span.end();
      this.duration.record((this.nowMs() - startedMs) / 1_000, { ...common, ...outcome });
    }
  }
}

/** Google's client writes the first name, W3C's convention is the second. */
function linksOf({ items }: Batch): Link[] {
  const links: Link[] = [];
  for (const { origin } of items) {
    if (links.length === MAX_LINKS) break;
    const { id, attributes } = origin;
    const parent = attributes["googclient_traceparent"] ?? attributes["traceparent"];
    const spanContext = parent === undefined ? null : parseTraceParent(parent);
    if (spanContext) links.push({ context: spanContext, attributes: { "messaging.message.id": id } });
  }
  return links;
}
