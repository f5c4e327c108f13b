// Metrics and health beside what runs: the port, if it was asked for, and the view of this process behind it.

import type { LoadedPipeline } from "../config/load.ts";
import { systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { productVersion } from "../sinks/segment/product-version.ts";
import type { Health, HealthAnswers } from "../telemetry/health.ts";
import type { MetricsPage } from "../telemetry/prometheus-page.ts";
import type { WatchedPipeline } from "../telemetry/watched-pipeline.ts";
import { type Address, addressOf } from "./address.ts";
import { UsageError } from "./exit-code.ts";
import type { Job } from "./job.ts";
import type { MetricsOptions } from "./metrics-options.ts";

/** The port of the OpenTelemetry project's Prometheus exporters, and free of other well-known uses. */
const DEFAULT_ADDRESS = { host: "127.0.0.1", port: 9464 };
const LOOP_MS = 30_000;

export interface OperatorPort {
  close(): Promise<void>;
}

export interface OperatorPortParts {
  readonly options: MetricsOptions;
  readonly log: Logger;
  /** Those that run. */
  readonly pipelines: () => readonly WatchedPipeline[];
  /** How many there will be when everything has started. */
  readonly expected: number;
}

/** Undefined: none is asked for. Throws UsageError, and RunError when it cannot listen. */
export async function operatorPort(parts: OperatorPortParts): Promise<OperatorPort | undefined> {
  const address = metricsAddress(parts.options);
  if (address === undefined) return undefined;
  const { log, pipelines } = parts;
  const [health, { prometheusPage }] = await Promise.all([
    healthOf(parts),
    import("../telemetry/prometheus-page.ts"),
  ]);
  const page = prometheusPage({ version: productVersion(), pipelines, withProcess: true });
  const close = async () => {
    health.stop();
    page.close();
  };
  return serveOperators(address, { page, health, close }, log);
}

/** Undefined: none is asked for. Throws UsageError. */
export function metricsAddress({ metrics, stuckSeconds }: MetricsOptions): Address | undefined {
  if (metrics === undefined) return undefined;
  if (!(stuckSeconds > 0))
    throw new UsageError(`--stuck-seconds takes a number above 0, not ${stuckSeconds}`);
  return addressOf("--metrics", metrics, DEFAULT_ADDRESS);
}

export async function healthOf({ options, pipelines, expected }: OperatorPortParts): Promise<Health> {
  const { Health } = await import("../telemetry/health.ts");
  return new Health({
    clock: systemClock,
    pipelines,
    expected: () => expected,
    stuckMs: options.stuckSeconds * 1_000,
    loopMs: Math.min(LOOP_MS, options.stuckSeconds * 1_000),
  });
}

export interface ServedView {
  readonly page: MetricsPage;
  readonly health: HealthAnswers;
  close(): Promise<void>;
}

/** Throws RunError when it cannot listen; the view is closed then, and with the port. */
export async function serveOperators(address: Address, view: ServedView, log: Logger): Promise<OperatorPort> {
  const { startOperatorServer } = await import("../telemetry/operator-server.ts");
  try {
    const server = await startOperatorServer({ ...address, ...view });
    log.info({ url: server.url }, "metrics and health are served");
    return {
      close: async () => {
        await view.close();
        await server.close();
      },
    };
  } catch (error) {
    await view.close();
    throw error;
  }
}

export function watchedPipeline({ name }: LoadedPipeline, job: Job): WatchedPipeline {
  const { run, metrics, publishGauges, probeDeadLetters } = job;
  return {
    name,
    metrics,
    state: () => run.state,
    stopping: run.stopping,
    lanes: () => run.lanes(),
    publishGauges,
    probeDeadLetters,
  };
}
