// Traces and metrics for an OpenTelemetry collector, by the official SDK over OTLP/HTTP. Loaded only when it is asked for.
//
// Nothing is added to requests that leave: a trace id is no business of the destination.

import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

import type { Clock } from "../engine/clock.ts";
import type { AroundWrite } from "../engine/attempt-write.ts";
import { BatchSpans, type TracedPipeline } from "./batch-spans.ts";
import { tableProducer } from "./table-producer.ts";
import type { WatchedPipeline } from "./watched-pipeline.ts";

export interface OpenTelemetryOptions {
  /** `http://127.0.0.1:4318`; undefined: as the SDK's own variables (OTEL_EXPORTER_OTLP_…) say. */
  readonly endpoint: string | undefined;
  readonly version: string;
  readonly clock: Clock;
  readonly pipelines: () => readonly WatchedPipeline[];
  readonly exportEveryMs: number;
  /** OTEL_SERVICE_NAME, or ours. */
  readonly serviceName: string;
}

export interface OpenTelemetry {
  around(pipeline: TracedPipeline): AroundWrite;
  /** Sends what is left. */
  close(): Promise<void>;
}

export function startOpenTelemetry(options: OpenTelemetryOptions): OpenTelemetry {
  const { endpoint, version, clock, pipelines, exportEveryMs, serviceName } = options;
  const at = (path: string) =>
    endpoint === undefined ? {} : { url: `${endpoint.replace(/\/$/, "")}${path}` };
  // Each process is an instance of its own, or the sums of several would take each other's place at the collector.
  const detected = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
  const ours = { "service.name": serviceName, "service.version": version };
  const resource = resourceFromAttributes(ours).merge(detected);
  const tracing = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(at("/v1/traces")))],
  });
  tracing.register({ propagator: null });
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(at("/v1/metrics")),
    exportIntervalMillis: exportEveryMs,
    exportTimeoutMillis: exportEveryMs,
    metricProducers: [tableProducer(pipelines, { version, wallMs: () => clock.wallMs() })],
  });
  const metering = new MeterProvider({ resource, readers: [reader] });
  const meter = metering.getMeter("sluice", version);
  const consumed = meter.createObservableCounter("messaging.client.consumed.messages", {
    unit: "{message}",
    description: "Messages received.",
  });
  consumed.addCallback((result) => {
    for (const { name, metrics } of pipelines()) {
      const attributes = {
        "messaging.system": "gcp_pubsub",
        "messaging.operation.name": "receive",
        "sluice.pipeline": name,
      };
      result.observe(metrics.total("source_messages_received_total"), attributes);
    }
  });
  const http = new UndiciInstrumentation({ requireParentforSpans: true });
  http.setTracerProvider(tracing);
  http.setMeterProvider(metering);
  const spans = new BatchSpans(tracing.getTracer("sluice", version), meter, () => clock.nowMs());
  return {
    around: (pipeline) => spans.around(pipeline),
    close: async () => {
      http.disable();
      // A collector that is away must not fail a stop that went well.
      await Promise.allSettled([tracing.shutdown(), metering.shutdown()]);
    },
  };
}
