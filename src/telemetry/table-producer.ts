// The one table of metrics, in the form in which the OpenTelemetry SDK takes measurements that were made elsewhere.

import { type HrTime, ValueType } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";

import { type MetricDefinition, type MetricName, metricTable } from "../engine/metrics.ts";
import type { WatchedPipeline } from "./watched-pipeline.ts";

export function tableProducer(
  pipelines: () => readonly WatchedPipeline[],
  { version, wallMs }: { readonly version: string; readonly wallMs: () => number },
): MetricProducer {
  const startTime = hrTime(wallMs());
  return {
    collect: async (): Promise<CollectionResult> => {
      const running = pipelines();
      for (const pipeline of running) pipeline.publishGauges();
      const names = Object.keys(metricTable) as MetricName[]; // The table's own keys.
      const times = { startTime, endTime: hrTime(wallMs()) };
      const metrics = names
        .map((name) => dataOf(name, running, times))
        .filter(({ dataPoints }) => dataPoints.length > 0);
      const scopeMetrics = [{ scope: { name: "sluice", version }, metrics }];
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
    },
  };
}

interface Times {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

function dataOf(row: MetricName, pipelines: readonly WatchedPipeline[], times: Times): MetricData {
  const { type, help }: MetricDefinition = metricTable[row];
  const base = {
    descriptor: { name: `sluice.${row}`, description: help, unit: unitOf(row), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (type === "histogram") {
    const dataPoints = pipelines.flatMap((pipeline) => histograms(row, pipeline, times));
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints: DataPoint<number>[] = pipelines.flatMap(({ name, metrics }) =>
    metrics
      .samples(row)
      .map(({ labels, value }) => ({ ...times, value, attributes: { pipeline: name, ...labels } })),
  );
  if (type === "gauge") return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function histograms(row: MetricName, { name, metrics }: WatchedPipeline, times: Times) {
  return metrics.histogramSamples(row).map(({ labels, cell }) => ({
    ...times,
    attributes: { pipeline: name, ...labels },
    value: {
      buckets: { boundaries: [...cell.bounds], counts: [...cell.bucketCounts()] },
      sum: cell.sum,
      count: cell.count,
    },
  }));
}

/** UCUM, as the conventions ask: the unit of ours stands in the name. */
function unitOf(row: MetricName): string {
  if (/_seconds(_total)?$/.test(row)) return "s";
  return /bytes/.test(row) ? "By" : "1";
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1_000_000)];
}
