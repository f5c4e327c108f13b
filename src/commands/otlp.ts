// OpenTelemetry beside what runs, if it was asked for: by `--otlp`, or by the SDK's own variables.

import { systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { productVersion } from "../sinks/segment/product-version.ts";
import type { OpenTelemetry } from "../telemetry/open-telemetry.ts";
import type { WatchedPipeline } from "../telemetry/watched-pipeline.ts";
import { UsageError } from "./exit-code.ts";
import type { OtlpOptions } from "./otlp-options.ts";

const ENDPOINTS = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];
/** The SDK's own default. */
const EXPORT_EVERY_MS = 60_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: none is asked for, and nothing of it is loaded. Throws UsageError. */
export async function otlpFor(
  { otlp }: OtlpOptions,
  parts: { readonly log: Logger; readonly pipelines: () => readonly WatchedPipeline[] },
  env: Environment = process.env,
): Promise<OpenTelemetry | undefined> {
  const isAsked = otlp !== undefined || ENDPOINTS.some((name) => env[name]);
  if (!isAsked || env["OTEL_SDK_DISABLED"] === "true") return undefined;
  if (otlp !== undefined && !/^https?:\/\/[^\s/]+/.test(otlp))
    throw new UsageError(`--otlp takes a URL such as http://127.0.0.1:4318, not ${otlp}`);
  const { startOpenTelemetry } = await import("../telemetry/open-telemetry.ts");
  const telemetry = startOpenTelemetry({
    endpoint: otlp,
    version: productVersion(),
    clock: systemClock,
    pipelines: parts.pipelines,
    exportEveryMs: Number(env["OTEL_METRIC_EXPORT_INTERVAL"]) || EXPORT_EVERY_MS,
    serviceName: env["OTEL_SERVICE_NAME"] || "sluice",
  });
  parts.log.info({ endpoint: otlp ?? "from the environment" }, "traces and metrics go to a collector");
  return telemetry;
}

/** The subscription that a pipeline reads, for its spans. */
export function subscriptionOf(config: unknown): string | undefined {
  if (typeof config !== "object" || config === null || !("subscription" in config)) return undefined;
  return typeof config.subscription === "string" ? config.subscription : undefined;
}
