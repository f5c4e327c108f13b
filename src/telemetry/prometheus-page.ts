// The page that Prometheus reads. prom-client writes the format and brings the metrics of the process; ours are read out
// of the one table when somebody asks, so that counting costs no more with the page than without it.

import { getHeapStatistics } from "node:v8";

import { collectDefaultMetrics, type Metric, Registry } from "prom-client";

import { type MetricDefinition, type MetricName, metricTable } from "../engine/metrics.ts";
import type { WatchedPipeline } from "./watched-pipeline.ts";

export const PREFIX = "sluice_";
/** How finely delays of the event loop are measured, in ms: finer costs more wake-ups of an idle process. */
const EVENT_LOOP_PRECISION_MS = 20;

export interface PageOptions {
  readonly version: string;
  readonly pipelines: () => readonly WatchedPipeline[];
  /** Off in tests: the metrics of the process belong to the process. */
  readonly withProcess: boolean;
}

/** A metric as prom-client hands it from process to process. */
export interface MetricJson {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly MetricValue[];
  /** How prom-client puts those of several processes together. */
  readonly aggregator: string;
}

export interface MetricValue {
  /** Where it differs from the metric's own: the parts of a histogram. */
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
}

export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface OwnMetricsPage extends MetricsPage {
  /** What is on the page, for another process. */
  json(): Promise<readonly MetricJson[]>;
  /** Stops measuring the process. */
  close(): void;
}

export function prometheusPage({ version, pipelines, withProcess }: PageOptions): OwnMetricsPage {
  const registry = new Registry();
  // Needed in one place only: the registry asks no more of a metric than its name and `get`.
  const register = (metric: TableMetric | BuildInfo | HeapLimit) =>
    registry.registerMetric(metric as unknown as Metric);
  register(new BuildInfo(version));
  register(new HeapLimit());
  const names = Object.keys(metricTable) as MetricName[]; // The table's own keys.
  for (const name of names) register(new TableMetric(name, pipelines));
  if (withProcess)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  const publish = () => {
    for (const pipeline of pipelines()) pipeline.publishGauges();
  };
  return {
    contentType: registry.contentType,
    text: () => {
      publish();
      return registry.metrics();
    },
    json: async () => {
      publish();
      // What the metrics' own `get` yields; the library's types know less of it.
      return (await registry.getMetricsAsJSON()) as unknown as readonly MetricJson[];
    },
    close: () => registry.clear(),
  };
}

/** One row of the table, over all pipelines. */
class TableMetric {
  readonly name: string;

  constructor(
    private readonly row: MetricName,
    private readonly pipelines: () => readonly WatchedPipeline[],
  ) {
    this.name = PREFIX + row;
  }

  get(): MetricJson {
    const { type, help, across = "sum" }: MetricDefinition = metricTable[this.row];
    const values = this.pipelines().flatMap((pipeline) =>
      type === "histogram" ? this.histogramOf(pipeline) : this.numbersOf(pipeline),
    );
    return { name: this.name, help, type, values, aggregator: across };
  }

  private numbersOf({ name, metrics }: WatchedPipeline): MetricValue[] {
    return metrics
      .samples(this.row)
      .map(({ labels, value }) => ({ value, labels: { pipeline: name, ...labels } }));
  }

  private histogramOf({ name, metrics }: WatchedPipeline): MetricValue[] {
    return metrics.histogramSamples(this.row).flatMap(({ labels: own, cell }) => {
      const labels = { pipeline: name, ...own };
      const counts = cell.bucketCounts();
      let below = 0;
      const buckets = [...cell.bounds, "+Inf"].map((le, i) => {
        below += counts[i]!;
        return { metricName: `${this.name}_bucket`, value: below, labels: { ...labels, le } };
      });
      return [
        ...buckets,
        { metricName: `${this.name}_sum`, value: cell.sum, labels },
        { metricName: `${this.name}_count`, value: cell.count, labels },
      ];
    });
  }
}

/** Which program this is; the value is always 1. */
class BuildInfo {
  readonly name = `${PREFIX}build_info`;

  constructor(private readonly version: string) {}

  get(): MetricJson {
    const labels = { version: this.version, node: process.versions.node };
    return {
      name: this.name,
      help: "Version of Sluice and of Node.",
      type: "gauge",
      values: [{ value: 1, labels }],
      aggregator: "first",
    };
  }
}

/** What the heap may grow to: the defaults of prom-client have only what it is. */
class HeapLimit {
  readonly name = `${PREFIX}heap_limit_bytes`;

  get(): MetricJson {
    return {
      name: this.name,
      help: "Size at which the heap is full and the process ends.",
      type: "gauge",
      values: [{ value: getHeapStatistics().heap_size_limit, labels: {} }],
      aggregator: "min",
    };
  }
}
