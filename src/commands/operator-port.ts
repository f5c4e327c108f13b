// Metrics and health beside what runs: the port, if it was asked for, and the view of this process behind it.

import type { LoadedPipeline } from "../config/load.ts";
import { systemClock } from "../engine/clock.ts";
import type { Logger } from "../engine/contracts.ts";
import { productVersion } from "../sinks/segment/product-version.ts";
import type { WatchedPipeline } from "../telemetry/watched-pipeline.ts";
import { addressOf } from "./address.ts";
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
  const { metrics, stuckSeconds } = parts.options;
  if (metrics === undefined) return undefined;
  const { log, pipelines, expected } = parts;
  if (!(stuckSeconds > 0))
    throw new UsageError(`--stuck-seconds takes a number above 0, not ${stuckSeconds}`);
  const address = addressOf("--metrics", metrics, DEFAULT_ADDRESS);
  const [{ Health }, { prometheusPage }, { startOperatorServer }] = await Promise.all([
    import("../telemetry/health.ts"),
    import("../telemetry/prometheus-page.ts"),
    import("../telemetry/operator-server.ts"),
  ]);
  const health = new Health({
    clock: systemClock,
    pipelines,
    expected: () => expected,
    stuckMs: stuckSeconds * 1_000,
    loopMs: Math.min(LOOP_MS, stuckSeconds * 1_000),
  });
  const page = prometheusPage({ version: productVersion(), pipelines, withProcess: true });
  const close = () => {
    health.stop();
    page.close();
  };
  try {
    const server = await startOperatorServer({ ...address, page, health });
    log.info({ url: server.url }, "metrics and health are served");
    return {
      close: async () => {
        close();
        await server.close();
      },
    };
  } catch (error) {
    close();
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
